// What a language model answers. The input: any bytes in place of an answer.
#include "base/text.hpp"
#include "fuzz/fuzz.hpp"
#include "model/answer.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace groomer::fuzz {
namespace {

using namespace model;

Asked question() {
    Asked asked;
    asked.families = {{"type", {{"type/bug", "something is broken"}, {"type/feature", "something new"}}}, {"status", {}}};
    asked.candidates = {12, 34, 56};
    asked.comment = asked.title = true;
    return asked;
}

void check_text(std::string_view text, std::size_t longest) {
    check(text.size() <= longest, "texts are cut");
    check(is_utf8(text) && text.find('\0') == std::string_view::npos, "texts can be stored");
}

void check_decision(FamilyAnswer const& decision, AskedFamily const& family) {
    check(decision.family == family.name, "each family is answered, in its order");
    auto const is_value = [&](auto const& value) { return value.first == decision.value; };
    check(!decision.value || std::any_of(family.values.begin(), family.values.end(), is_value), "a label is one of the family's");
    check(decision.confidence >= 0 && decision.confidence <= 1, "confidence is from 0 to 1");
    check_text(decision.reason, 200);
}

void check_answer(Answer const& answer, Asked const& asked) {
    auto const is_offered = [&](std::int64_t number) {
        return std::find(asked.candidates.begin(), asked.candidates.end(), number) != asked.candidates.end();
    };
    check(answer.confidence >= 0 && answer.confidence <= 1, "confidence is from 0 to 1");
    check(!answer.work_type.empty() && answer.decisions.size() == asked.families.size(), "all that was asked for is there");
    for (std::size_t i = 0; i < answer.decisions.size(); ++i) check_decision(answer.decisions[i], asked.families[i]);
    check(!answer.duplicate_of || is_offered(*answer.duplicate_of), "a duplicate was offered");
    check(answer.related.size() <= 5 && std::all_of(answer.related.begin(), answer.related.end(), is_offered),
          "what is related was offered");
    check(answer.gaps.size() <= 5, "lists are cut");
    for (auto const& gap : answer.gaps) check_text(gap, 200);
    check_text(answer.summary, 400);
    check_text(answer.rationale, 1000);
    check_text(answer.comment.value_or(""), 4000);
    check_text(answer.title.value_or(""), 200);
    check(!answer.section, "nothing is there that was not asked for");
    check((answer.actionability == Actionability::needs_info) <= !answer.gaps.empty(), "what needs information says which");
}

void check_parsed(std::string_view text, Asked const& asked) {
    auto const parsed = parse_answer(text, asked);
    check(parsed.answer.has_value() == parsed.faults.empty(), "there is an answer or a fault");
    check(parsed.faults.size() <= 10, "faults are few");
    for (auto const& fault : parsed.faults) {
        check(is_utf8(fault.what) && fault.what.size() < 1100 && fault.where.size() < 1100, "a fault is one short sentence");
        check(!fault.what.empty() && fault.what.find('\n') == std::string::npos, "a fault is one line");
    }
    if (parsed.answer) check_answer(*parsed.answer, asked);
}

}  // namespace
}  // namespace groomer::fuzz

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    static auto const asked = fuzz::question();
    auto const text = fuzz::text_of(data, size);
    fuzz::check_parsed(text, asked);
    if (auto const object = model::first_json_object(text)) {
        fuzz::check(object->front() == '{' && object->back() == '}', "an object stands in braces");
        fuzz::check(model::first_json_object(*object) == object, "an object is found in itself");
        fuzz::check_parsed(*object, asked);
    }
    return 0;
}
