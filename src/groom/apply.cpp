#include "groom/apply.hpp"

#include "base/digest.hpp"

#include <algorithm>

namespace groomer::groom {
namespace {

using namespace std::chrono_literals;
using tracker::WriteOutcome;
using tracker::WriteResult;

constexpr int most_tries = 5;
constexpr std::chrono::milliseconds longest_pause{10'000};

std::vector<store::Step> steps_of(Plan const& plan) {
    std::vector<store::Step> steps;
    // Additions first: an issue never stands without a label that it had and will have.
    for (auto const& label : plan.add) steps.push_back({static_cast<int>(steps.size()), "label.add", label, "planned", ""});
    for (auto const& label : plan.remove) steps.push_back({static_cast<int>(steps.size()), "label.remove", label, "planned", ""});
    return steps;
}

std::string_view name(WriteOutcome outcome) {
    switch (outcome) {
        case WriteOutcome::done: return "done";
        case WriteOutcome::already: return "already";
        case WriteOutcome::fenced: return "fenced";
        case WriteOutcome::withheld: return "withheld";
        case WriteOutcome::gone: return "gone";
        case WriteOutcome::failed: return "failed";
    }
    return {};
}

class Application {
public:
    Application(ApplyParts parts, std::shared_ptr<lock::Hold> hold, tracker::Tracker& tracker, tracker::IssueRef ref)
        : parts_{parts}, hold_{std::move(hold)}, tracker_{tracker}, ref_{std::move(ref)} {}

    Task<WriteResult> write(store::Step step) {
        for (int attempt = 1;; ++attempt) {
            if (!co_await may_begin()) co_return WriteResult{WriteOutcome::withheld, "the hold is over", {}};
            auto result = co_await send(step);
            bool const again = result.outcome == WriteOutcome::failed || result.outcome == WriteOutcome::fenced ||
                               result.outcome == WriteOutcome::withheld;
            if (!again || attempt == most_tries || hold_->winding_down()) co_return result;
            auto const pause = std::max(result.retry_after, std::chrono::milliseconds{50} * (1 << attempt));
            if (pause > longest_pause) co_return result;
            parts_.log.warning("a write to the tracker failed, trying again",
                               {{"component", "groom"}, {"repo", ref_.repo}, {"issue", ref_.number}, {"error", result.detail}});
            // Refused by the tracker: the database knows whether the term is over.
            if (result.outcome == WriteOutcome::fenced) co_await store::prove(parts_.store, *hold_);
            co_await parts_.clock.sleep_for(pause);
        }
    }

private:
    // Waits out the quarantine, sees to a fresh proof, and waits for the renewal where the lease left is too short.
    Task<bool> may_begin() {
        if (tracker_.settle() > 0ms && parts_.clock.now() < hold_->quarantine_until())
            co_await parts_.clock.sleep_until(hold_->quarantine_until());
        while (hold_->may_act()) {
            if (!hold_->proof_is_fresh()) co_await store::prove(parts_.store, *hold_);
            if (hold_->may_write(parts_.write_limit)) co_return true;
            co_await parts_.clock.sleep_for(20ms);
        }
        co_return false;
    }

    Task<WriteResult> send(store::Step step) {
        tracker::WriteGuard guard{hold_->terms().term, [hold = hold_, limit = parts_.write_limit] { return hold->may_write(limit); }};
        auto writing =
            step.op == "label.add" ? tracker_.add_label(ref_, step.label, guard) : tracker_.remove_label(ref_, step.label, guard);
        auto result = co_await std::move(writing);
        if (result.outcome == WriteOutcome::fenced) parts_.metrics.fenced_writes_total("tracker").increment();
        co_return result;
    }

    ApplyParts parts_;
    std::shared_ptr<lock::Hold> hold_;
    tracker::Tracker& tracker_;
    tracker::IssueRef ref_;
};

bool is_done(store::Step const& step) { return step.status == "done" || step.status == "already"; }

}  // namespace

Task<Applied> apply(ApplyParts parts, std::shared_ptr<lock::Hold> hold, tracker::Tracker& tracker, std::int64_t issue_id,
                    tracker::IssueRef ref, std::string revision, Plan plan) {
    Applied applied;
    applied.key = sha256_hex(tracker::to_string(ref) + "\n" + revision + "\n" + plan.target);
    auto wanted = steps_of(plan);
    applied.steps = co_await store::begin_steps(parts.store, *hold, issue_id, applied.key, wanted);
    Application application{parts, hold, tracker, ref};
    for (auto& step : applied.steps) {
        auto const result = co_await application.write(step);
        step.status = name(result.outcome);
        step.detail = result.detail;
        if (is_done(step)) continue;
        applied.all_done = false;
        applied.gone = result.outcome == WriteOutcome::gone;
        applied.fenced = result.outcome == WriteOutcome::fenced;
        applied.withheld = result.outcome == WriteOutcome::withheld;
        applied.unanswered = result.outcome == WriteOutcome::failed;
        applied.failure = result.detail;
        break;
    }
    co_return applied;
}

}  // namespace groomer::groom
