#include "groom/rules.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace groomer::groom {
namespace {

using model::Decision;
using model::Source;

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](auto word) { return text.find(word) != std::string_view::npos; });
}

Decision abstain(std::string family, std::string reason) { return {std::move(family), std::nullopt, 0, Source::rule, std::move(reason)}; }

// The body without headings, quotes, empty form answers and white space: what the reporter wrote.
std::size_t substance(std::string_view body) {
    std::size_t count = 0;
    while (!body.empty()) {
        auto const end = std::min(body.find('\n'), body.size());
        auto line = body.substr(0, end);
        body.remove_prefix(std::min(end + 1, body.size()));
        while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
        bool const form = line.starts_with('#') || line.starts_with('>') || line.starts_with("<!--") || line.starts_with("_No response_");
        if (!form) count += static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) { return c != ' ' && c != '\r'; }));
    }
    return count;
}

bool tells_how_to_reproduce(std::string_view lower_body) {
    return has_any(lower_body, {"```", "steps to reproduce", "repro steps", "reproduce", "traceback", "stack trace", "stacktrace",
                                "\n    at ", "expected behavior", "expected behaviour", "\n1. ", "codesandbox", "jsfiddle", "colab"});
}

std::vector<std::string> settable(config::Family const& family) {
    std::vector<std::string> out;
    for (auto const& value : family.values)
        if (std::find(family.never_set.begin(), family.never_set.end(), value.label) == family.never_set.end()) out.push_back(value.label);
    return out;
}

Decision status(config::Family const& family, std::string_view role, std::string reason) {
    for (auto const& value : family.values)
        if (value.role == role) return {family.name, value.label, 0.8, Source::rule, std::move(reason)};
    return abstain(family.name, "no label is configured for " + std::string{role});
}

constexpr std::size_t enough_to_act_on = 120;  // characters
constexpr std::size_t enough_to_answer = 40;

}  // namespace

Kind kind_of(std::string_view type_label) {
    auto const label = to_lower(type_label);
    if (has_any(label, {"bug", "defect", "regression", "crash"})) return Kind::bug;
    if (has_any(label, {"feature", "enhancement", "proposal", "improvement"})) return Kind::feature;
    if (has_any(label, {"question", "support", "help", "discussion"})) return Kind::question;
    return Kind::unknown;
}

Decision priority_by_rule(tracker::Issue const& issue, Kind kind, config::Family const& family) {
    auto const labels = settable(family);
    if (kind == Kind::unknown || labels.empty()) return abstain(family.name, "its type is not known");
    if (kind != Kind::bug) return {family.name, labels.back(), 0.7, Source::rule, "not a bug: it can wait"};
    auto const title = to_lower(issue.title);
    if (has_any(title, {"crash", "segfault", "segmentation fault", "data loss", "corrupt", "deadlock", "memory leak", "freeze", "hangs",
                        "panic", "infinite loop", "unusable", "cannot start", "can't start", "fails to start"}))
        return {family.name, labels.front(), 0.8, Source::rule, "a bug that stops people or loses data, by its title"};
    if (has_any(title, {"typo", "cosmetic", "misaligned", "wording", "flicker"}))
        return {family.name, labels.back(), 0.7, Source::rule, "a bug that nobody is stopped by, by its title"};
    return {family.name, labels[(labels.size() - 1) / 2], 0.6, Source::rule, "a bug without signs of great harm"};
}

Decision status_by_rule(tracker::Issue const& issue, Kind kind, config::Family const& family) {
    auto const body = to_lower(issue.body);
    auto const written = substance(issue.body);
    if (kind == Kind::unknown) return abstain(family.name, "its type is not known");
    if (has_any(body, {"blocked by #", "blocked on #", "depends on #", "waiting for #"}))
        return status(family, "blocked", "it says that it waits for another issue");
    if (kind == Kind::bug) {
        if (written >= enough_to_act_on && tells_how_to_reproduce(body)) return status(family, "ready", "a bug with a way to reproduce it");
        if (written < enough_to_act_on) return status(family, "needs_info", "a bug with hardly any description");
        return status(family, "needs_info", "a bug without a way to reproduce it");
    }
    if (written < enough_to_answer) return status(family, "needs_info", "hardly any description");
    if (kind == Kind::feature) return status(family, "backlog", "a wish: somebody has to decide on it");
    return status(family, "ready", "a question that can be answered");
}

}  // namespace groomer::groom
