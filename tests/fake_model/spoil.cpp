#include "fake_model/spoil.hpp"

#include "base/text.hpp"
#include "fake_model/instance.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <cstdio>
#include <utility>

namespace groomer::fake_model {
namespace {

namespace json = boost::json;
using Kind = FaultKind;

// Another value of the same enum, or the same value.
json::value other(json::object const& part, json::value const& value) {
    if (auto const* values = part.if_contains("enum"))
        for (auto const& candidate : values->as_array())
            if (candidate != value) return candidate;
    return value;
}

// {"type":"bug","type":"question"}: every member that is no object twice, first as it is in `answer`.
std::string doubled(json::value const& answer, json::value const& changed) {
    if (!answer.is_object()) return json::serialize(answer);
    std::string out;
    for (auto const& member : answer.get_object()) {
        auto const& first = member.value();
        auto const& second = changed.get_object().at(member.key());
        auto const key = json::serialize(json::string(member.key())) + ":";
        out += (out.empty() ? "{" : ",") + key + doubled(first, second);
        if (!first.is_object()) out += "," + key + json::serialize(second);
    }
    return out.empty() ? "{}" : out + "}";
}

std::string in_words(double number) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.15g", number);
    return text.data();
}

void make_huge(json::value& answer, json::object const& schema) {
    bool done = false;
    visit_instance(schema, answer, [&](json::object const& part, json::value& value) {
        if (done || !is_free_text(part)) return;
        value = std::string(huge_bytes, 'x');
        done = true;
    });
    if (!done && answer.is_object()) answer.get_object()["text"] = std::string(huge_bytes, 'x');
}

void contradict(json::value& answer) {
    auto* object = answer.if_object();
    if (!object) return;
    if (auto* verdict = object->if_contains("verdict"); verdict && verdict->is_object())
        verdict->get_object()["actionability"] = "needs_info";
    (*object)["gaps"] = json::array{};
}

void point_nowhere(json::value& answer) {
    auto* object = answer.if_object();
    if (!object) return;
    (*object)["duplicate_of"] = nowhere;
    if (auto* related = object->if_contains("related")) *related = json::array{nowhere};
}

std::string said_twice(std::string const& content, json::object const& schema) {
    boost::system::error_code error;
    auto const answer = json::parse(content, error);
    if (error) return content;
    auto second = answer;
    visit_instance(schema, second, [](json::object const& part, json::value& value) { value = other(part, value); });
    return doubled(answer, second);
}

// False where that kind leaves it as it is.
bool change(json::value& answer, Question const& question, Kind kind) {
    auto const each = [&](auto work) {
        visit_instance(question.schema, answer, work);
        return true;
    };
    switch (kind) {
        case Kind::unknown_label:
            return each([](json::object const& part, json::value& value) {
                if (is_chosen(part)) value = "no-such-label";
            });
        case Kind::numbers_as_strings:
            return each([](json::object const&, json::value& value) {
                if (value.is_number()) value = in_words(value.to_number<double>());
            });
        case Kind::nul_escapes:
            return each([](json::object const& part, json::value& value) {
                if (is_free_text(part) && value.is_string()) value.get_string().insert(0, std::string_view{"\0 a \0", 5});
            });
        case Kind::huge: return make_huge(answer, question.schema), true;
        case Kind::contradiction: return contradict(answer), true;
        case Kind::wrong_duplicate: return point_nowhere(answer), true;
        default: return false;
    }
}

std::string with_nuls(std::string text) {
    for (auto at = text.find_first_of("{,"); at != std::string::npos; at = text.find_first_of("{,", at + 2)) text.insert(at + 1, 1, '\0');
    return text;
}

}  // namespace

void spoil(Reply& reply, Question const& question, FaultKind kind) {
    auto& content = *reply.content;
    switch (kind) {
        case Kind::refusal:
            reply.refusal = "I'm sorry, I cannot assist with that request.";
            reply.content.reset();
            return;
        case Kind::length:
        case Kind::content_filter:
            content = truncate_utf8(content, content.size() / 2);
            reply.finish = kind == Kind::length ? "length" : "content_filter";
            break;
        case Kind::null_content: reply.content.reset(); return;
        case Kind::empty: content.clear(); break;
        case Kind::not_json: content = "This looks like a bug to me: I would label it so. {sic}"; break;
        case Kind::other_shape: content = R"({"answer":["type/bug",{"sure":true}],"error":null})"; break;
        case Kind::fenced: content = "Here you are:\n\n```json\n" + content + "\n```\n\nTell me if {more} is wanted."; break;
        case Kind::duplicate_keys: content = said_twice(content, question.schema); break;
        case Kind::nul_bytes: content = with_nuls(content); break;
        default: {
            boost::system::error_code error;
            auto answer = json::parse(content, error);
            if (!error && change(answer, question, kind)) content = json::serialize(answer);
        }
    }
    reply.completion_tokens = tokens_of(content.size());
}

}  // namespace groomer::fake_model
