// A tracker whose calls are counted and timed: the metrics tracker_requests_total and tracker_request_duration_seconds.
#pragma once

#include "metrics/metrics.hpp"
#include "tracker/tracker.hpp"

#include <memory>
#include <string>
#include <vector>

namespace groomer::app {

class MeteredTracker final : public tracker::Tracker {
public:
    // kind: the first part of the endpoint's name ("file" in "file.read").
    MeteredTracker(std::unique_ptr<tracker::Tracker> tracker, std::string kind, Clock& clock, metrics::Metrics& metrics)
        : tracker_{std::move(tracker)}, kind_{std::move(kind)}, clock_{clock}, metrics_{metrics} {}

    [[nodiscard]] std::chrono::milliseconds settle() const override { return tracker_->settle(); }
    Task<tracker::Page> changes(std::string cursor, std::size_t limit) override;
    Task<std::optional<tracker::Issue>> read(tracker::IssueRef ref) override;
    Task<std::optional<tracker::Issue>> read_anew(tracker::IssueRef ref) override;
    Task<std::vector<tracker::WriteResult>> add_labels(tracker::IssueRef ref, std::vector<std::string> labels,
                                                       tracker::WriteGuard guard) override;
    Task<tracker::WriteResult> remove_label(tracker::IssueRef ref, std::string label, tracker::WriteGuard guard) override;
    Task<tracker::WriteResult> set_comment(tracker::IssueRef ref, std::string name, std::string text, std::vector<std::string> earlier,
                                           tracker::WriteGuard guard) override;
    Task<tracker::WriteResult> set_section(tracker::IssueRef ref, std::string name, std::string text, tracker::WriteGuard guard) override;
    Task<tracker::WriteResult> set_title(tracker::IssueRef ref, std::string title, tracker::WriteGuard guard) override;
    Task<tracker::WriteResult> close(tracker::IssueRef ref, tracker::CloseReason reason, tracker::WriteGuard guard) override;
    Task<tracker::WriteResult> reopen(tracker::IssueRef ref, tracker::WriteGuard guard) override;
    Task<tracker::WriteResult> finish_pass(tracker::WriteGuard guard) override;

private:
    class Call;
    Task<tracker::WriteResult> counted(Task<tracker::WriteResult> write, std::string endpoint);

    std::unique_ptr<tracker::Tracker> tracker_;
    std::string kind_;
    Clock& clock_;
    metrics::Metrics& metrics_;
};

}  // namespace groomer::app
