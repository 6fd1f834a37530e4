#include "app/commands/commands.hpp"
#include "app/run_to_end.hpp"
#include "app/service.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <iostream>

namespace groomer::app {
namespace {

struct Wanted {
    std::string label, meaning;
};

// Every label that groomer may set in this repository, in the order of the configuration, each once.
std::vector<Wanted> labels_of(config::Policy const& policy) {
    std::vector<Wanted> out;
    auto add = [&](std::string const& label, std::string const& meaning) {
        bool const known = std::any_of(out.begin(), out.end(), [&](auto const& w) { return to_lower(w.label) == to_lower(label); });
        if (!label.empty() && !known) out.push_back({label, meaning});
    };
    for (auto const& family : policy.labels)
        for (auto const& value : family.values) add(value.label, value.meaning);
    add(policy.abstain_label, "");
    return out;
}

std::string_view name(tracker::WriteOutcome outcome) {
    if (outcome == tracker::WriteOutcome::done) return "made";
    return outcome == tracker::WriteOutcome::already ? "is there" : "FAILED";
}

// Prints a line for each label that is missing; true where none is left.
Task<bool> check(groom::Entry const& entry, bool create) {
    auto const wanted = labels_of(entry.settings.policy);
    std::vector<std::string> names;
    for (auto const& label : wanted) names.push_back(label.label);
    auto asking = entry.tracker->lacking(names);
    auto const lacking = co_await std::move(asking);
    std::cout << entry.settings.name << ": " << lacking.size() << " of " << names.size() << " labels are missing\n";
    bool whole = true;
    for (auto const& label : lacking) {
        if (!create) {
            std::cout << "  " << label << '\n';
            whole = false;
            continue;
        }
        auto const found = std::find_if(wanted.begin(), wanted.end(), [&](auto const& w) { return w.label == label; });
        // A person asks for it: it belongs to no hold.
        tracker::WriteGuard const guard{0, [] { return true; }};
        auto making = entry.tracker->create_label(label, found->meaning, guard);
        auto const made = co_await std::move(making);
        std::cout << "  " << label << ": " << name(made.outcome) << (made.detail.empty() ? "" : ", " + made.detail) << '\n';
        whole = whole && (made.outcome == tracker::WriteOutcome::done || made.outcome == tracker::WriteOutcome::already);
    }
    co_return whole;
}

}  // namespace

int labels(CommandLine const& line, Log& log) {
    if (!line.repo) throw Error{ErrorCode::usage, "labels needs --repo OWNER/NAME"};
    auto const loaded = configuration(line, log);
    asio::io_context context{1};
    Service service{loaded.config, without_slot(line), log, context};
    auto const& entries = service.entries();
    auto const entry =
        std::find_if(entries.begin(), entries.end(), [&](auto const& e) { return to_lower(e.settings.name) == to_lower(*line.repo); });
    if (entry == entries.end()) throw Error{ErrorCode::usage, "the repository " + *line.repo + " is not configured"};
    return run_to_end(context, check(*entry, line.create)) ? 0 : 1;
}

}  // namespace groomer::app
