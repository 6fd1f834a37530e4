#include "tracker/github/closing_words.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace groomer::tracker::github {
namespace {

constexpr std::array<std::string_view, 9> words{"close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved"};

bool is_of_word(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; }

// The last word of a text that ends with `: ` or ` `; "" where it ends otherwise.
std::string_view word_before(std::string_view text) {
    auto end = text.find_last_not_of(" \t");
    if (end == std::string_view::npos || end + 1 == text.size()) return {};
    if (text[end] == ':') {
        if (end == 0) return {};
        --end;
    }
    auto begin = end + 1;
    while (begin > 0 && is_of_word(text[begin - 1])) --begin;
    return text.substr(begin, end + 1 - begin);
}

bool denies(std::string_view text) {
    auto const word = word_before(text);
    constexpr std::array<std::string_view, 4> denials{"not", "never", "cannot", "t"};  // the last: "doesn't"
    return std::find(denials.begin(), denials.end(), word) != denials.end();
}

}  // namespace

bool says_it_closes(std::string_view text, IssueRef const& of) {
    auto const lower = to_lower(text), repo = to_lower(of.repo), number = std::to_string(of.number);
    for (auto const& name : {"#" + number, repo + "#" + number, "https://github.com/" + repo + "/issues/" + number}) {
        for (auto at = lower.find(name); at != std::string::npos; at = lower.find(name, at + 1)) {
            auto const end = at + name.size();
            bool const whole = end == lower.size() || !is_of_word(lower[end]);
            auto const word = word_before(std::string_view{lower}.substr(0, at));
            bool const closes = whole && std::find(words.begin(), words.end(), word) != words.end();
            if (closes && !denies({lower.data(), word.data()})) return true;
        }
    }
    return false;
}

}  // namespace groomer::tracker::github
