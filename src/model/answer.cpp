#include "model/answer.hpp"

namespace groomer::model {
namespace {

constexpr std::string_view white_space = " \t\r\n";

// Past the string that begins at `at`, or npos.
std::size_t end_of_string(std::string_view text, std::size_t at) {
    for (++at; at < text.size(); ++at) {
        if (text[at] == '\\') ++at;
        else if (text[at] == '"') return at + 1;
    }
    return std::string_view::npos;
}

// Past the object that begins at `at`, or npos. What is no JSON inside is left to the parser.
std::size_t end_of_object(std::string_view text, std::size_t at) {
    std::size_t depth = 0;
    while (at < text.size()) {
        if (text[at] == '"') {
            at = end_of_string(text, at);
            continue;
        }
        if (text[at] == '{') ++depth;
        if (text[at] == '}' && --depth == 0) return at + 1;
        ++at;
    }
    return std::string_view::npos;
}

}  // namespace

std::string_view name(Actionability actionability) {
    switch (actionability) {
        case Actionability::ready: return "ready";
        case Actionability::needs_info: return "needs_info";
        case Actionability::blocked: return "blocked";
        case Actionability::backlog: return "backlog";
        case Actionability::already_done: return "already_done";
    }
    return {};
}

// Which half of a contradiction is meant, only the model can say: guessing would set a label, or ask a reporter, without grounds.
// That holds for gaps of an issue that is ready, too: its status would say "begin" while its comment asks for more.
std::vector<Fault> contradictions(Answer const& answer) {
    auto const fault = [](std::string where, std::string_view what) {
        return std::vector<Fault>{{where, where + " " + std::string{what}, "contradiction"}};
    };
    switch (answer.actionability) {
        case Actionability::needs_info:
            if (!answer.gaps.empty()) return {};
            return fault("/gaps", "is empty while /verdict/actionability is \"needs_info\": name what is missing, or decide otherwise.");
        case Actionability::ready:
            if (answer.gaps.empty()) return {};
            return fault("/gaps",
                         "is not empty while /verdict/actionability is \"ready\": decide for \"needs_info\" if nobody can begin "
                         "without them, else leave it empty.");
        case Actionability::already_done:
            if (!answer.rationale.empty()) return {};
            return fault("/rationale", "is empty while /verdict/actionability is \"already_done\": say where it was done.");
        case Actionability::blocked:
        case Actionability::backlog: break;
    }
    return {};
}

std::optional<std::string_view> first_json_object(std::string_view text) {
    text = text.substr(0, longest_answer);
    for (auto at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
        // Braces of prose and of code, as in "{name}", are passed over: an object goes on with a key, or ends at once.
        auto const next = text.find_first_not_of(white_space, at + 1);
        if (next == std::string_view::npos) return std::nullopt;
        if (text[next] == '{') continue;
        if (text[next] != '"' && text[next] != '}') {
            at = next;
            continue;
        }
        auto const end = end_of_object(text, at);
        return end == std::string_view::npos ? std::nullopt : std::optional{text.substr(at, end - at)};
    }
    return std::nullopt;
}

}  // namespace groomer::model
