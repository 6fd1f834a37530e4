#include "app/metered_tracker.hpp"

#include <algorithm>

namespace groomer::app {

// Counts itself when it ends, as an error unless it was told otherwise (an exception, a cancellation).
class MeteredTracker::Call {
public:
    Call(MeteredTracker& owner, std::string endpoint, char const* method)
        : owner_{owner}, endpoint_{owner.kind_ + "." + std::move(endpoint)}, method_{method}, began_{owner.clock_.now()} {}
    ~Call() {
        owner_.metrics_.tracker_requests_total(endpoint_, method_, good_ ? "ok" : "error").increment();
        owner_.metrics_.tracker_request_duration_seconds(endpoint_).observe(owner_.clock_.now() - began_);
    }
    Call(Call const&) = delete;
    Call& operator=(Call const&) = delete;
    void good(bool good) { good_ = good; }

private:
    MeteredTracker& owner_;
    std::string endpoint_;
    char const* method_;
    BootTime::time_point began_;
    bool good_ = false;
};

Task<tracker::Page> MeteredTracker::changes(std::string cursor, std::size_t limit) {
    Call call{*this, "changes", "read"};
    auto page = co_await tracker_->changes(cursor, limit);
    call.good(true);
    co_return std::move(page);
}

Task<std::optional<tracker::Issue>> MeteredTracker::read_anew(tracker::IssueRef ref) {
    Call call{*this, "read", "read"};
    auto issue = co_await tracker_->read_anew(ref);
    call.good(true);
    co_return std::move(issue);
}

Task<std::optional<tracker::Issue>> MeteredTracker::read(tracker::IssueRef ref) {
    Call call{*this, "read", "read"};
    auto issue = co_await tracker_->read(ref);
    call.good(true);
    co_return std::move(issue);
}

Task<tracker::WriteResult> MeteredTracker::counted(Task<tracker::WriteResult> write, std::string endpoint) {
    Call call{*this, std::move(endpoint), "write"};
    auto result = co_await std::move(write);
    call.good(result.outcome != tracker::WriteOutcome::failed);
    co_return result;
}

Task<std::vector<tracker::WriteResult>> MeteredTracker::add_labels(tracker::IssueRef ref, std::vector<std::string> labels,
                                                                   tracker::WriteGuard guard) {
    Call call{*this, "append", "write"};
    auto writing = tracker_->add_labels(std::move(ref), std::move(labels), std::move(guard));
    auto results = co_await std::move(writing);
    auto const failed = [](auto const& result) { return result.outcome == tracker::WriteOutcome::failed; };
    call.good(std::none_of(results.begin(), results.end(), failed));
    co_return std::move(results);
}

Task<tracker::WriteResult> MeteredTracker::remove_label(tracker::IssueRef ref, std::string label, tracker::WriteGuard guard) {
    return counted(tracker_->remove_label(std::move(ref), std::move(label), std::move(guard)), "append");
}

Task<tracker::WriteResult> MeteredTracker::set_comment(tracker::IssueRef ref, std::string name, std::string text,
                                                       std::vector<std::string> earlier, tracker::WriteGuard guard) {
    return counted(tracker_->set_comment(std::move(ref), std::move(name), std::move(text), std::move(earlier), std::move(guard)), "append");
}

Task<tracker::WriteResult> MeteredTracker::set_section(tracker::IssueRef ref, std::string name, std::string text,
                                                       tracker::WriteGuard guard) {
    return counted(tracker_->set_section(std::move(ref), std::move(name), std::move(text), std::move(guard)), "append");
}

Task<tracker::WriteResult> MeteredTracker::set_title(tracker::IssueRef ref, std::string title, tracker::WriteGuard guard) {
    return counted(tracker_->set_title(std::move(ref), std::move(title), std::move(guard)), "append");
}

Task<tracker::WriteResult> MeteredTracker::close(tracker::IssueRef ref, tracker::CloseReason reason, tracker::WriteGuard guard) {
    return counted(tracker_->close(std::move(ref), reason, std::move(guard)), "append");
}

Task<tracker::WriteResult> MeteredTracker::reopen(tracker::IssueRef ref, tracker::WriteGuard guard) {
    return counted(tracker_->reopen(std::move(ref), std::move(guard)), "append");
}

Task<tracker::WriteResult> MeteredTracker::finish_pass(tracker::WriteGuard guard) {
    return counted(tracker_->finish_pass(std::move(guard)), "copy");
}

}  // namespace groomer::app
