#include "tracker/tracker.hpp"

#include <charconv>

namespace groomer::tracker {
namespace {

Task<WriteResult> not_supported(std::string what) {
    constexpr auto never_mind = std::chrono::hours{24};
    co_return WriteResult{WriteOutcome::failed, "this kind of tracker does not " + what, never_mind};
}

}  // namespace

Task<bool> may_begin(WriteGuard const& guard) {
    if (!guard.ready) co_return guard.may_act();
    auto waiting = guard.ready();
    co_return co_await std::move(waiting);
}

Task<std::optional<Findings>> Tracker::examine(bool) { co_return std::nullopt; }
Task<WriteResult> Tracker::set_comment(IssueRef, std::string, std::string, std::vector<std::string>, WriteGuard) {
    return not_supported("take comments");
}
Task<WriteResult> Tracker::set_section(IssueRef, std::string, std::string, WriteGuard) { return not_supported("change bodies"); }
Task<WriteResult> Tracker::set_title(IssueRef, std::string, WriteGuard) { return not_supported("change titles"); }
Task<WriteResult> Tracker::close(IssueRef, CloseReason, WriteGuard) { return not_supported("close issues"); }
Task<WriteResult> Tracker::reopen(IssueRef, WriteGuard) { return not_supported("reopen issues"); }
Task<std::vector<std::string>> Tracker::lacking(std::vector<std::string>) { co_return std::vector<std::string>{}; }
Task<WriteResult> Tracker::create_label(std::string, std::string, WriteGuard) { return not_supported("make labels"); }

std::string to_string(IssueRef const& ref) { return ref.repo + "#" + std::to_string(ref.number); }

std::optional<IssueRef> parse_issue_ref(std::string_view text) {
    auto const hash = text.find('#');
    if (hash == std::string_view::npos) return std::nullopt;
    auto const repo = text.substr(0, hash), number = text.substr(hash + 1);
    auto const slash = repo.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == repo.size()) return std::nullopt;
    if (repo.find('/', slash + 1) != std::string_view::npos || repo.find_first_of(" \t\r\n") != std::string_view::npos) return std::nullopt;
    IssueRef ref{std::string{repo}, 0};
    auto const [end, error] = std::from_chars(number.data(), number.data() + number.size(), ref.number);
    if (error != std::errc{} || end != number.data() + number.size() || ref.number < 1) return std::nullopt;
    return ref;
}

}  // namespace groomer::tracker
