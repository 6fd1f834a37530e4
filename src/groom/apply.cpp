#include "groom/apply.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace groomer::groom {
namespace {

using namespace std::chrono_literals;
using tracker::WriteOutcome;
using tracker::WriteResult;

constexpr int most_tries = 5;
constexpr std::chrono::milliseconds longest_pause{15'000};  // as long as a cut request may still take effect
constexpr std::size_t longest_text = 65'536;                // bytes; GitHub takes no more

constexpr std::string_view add_op = "label.add", remove_op = "label.remove", section_op = "section.set", title_op = "title.set",
                           comment_op = "comment.set", close_op = "issue.close", reopen_op = "issue.reopen";
constexpr std::string_view not_planned = "not_planned";
constexpr std::string_view stale = "stale";  // of a step: nothing was sent, since somebody had changed the issue

bool is_of_labels(store::Step const& step) { return step.op == add_op || step.op == remove_op; }

std::string bounded(std::string_view text) {
    auto const clean = clean_text(text);
    return std::string{truncate_utf8(clean, longest_text)};
}

// The same for the same wishes, whatever is done already. Of an undo it says so, for store/undo.cpp.
std::string key_of(tracker::IssueRef const& ref, std::string const& revision, Plan const& plan) {
    auto text = tracker::to_string(ref) + "\n" + revision + "\n" + plan.target;
    for (auto const& step : steps_of(plan))
        if (!is_of_labels(step)) text.append("\n" + step.op + " " + step.label + " " + std::to_string(step.text.size()) + " " + step.text);
    return (plan.takes_back ? "undo " : "") + sha256_hex(text);
}

std::string_view name(WriteOutcome outcome) {
    switch (outcome) {
        case WriteOutcome::done: return "done";
        case WriteOutcome::already: return "already";
        case WriteOutcome::fenced: return "fenced";
        case WriteOutcome::withheld: return "withheld";
        case WriteOutcome::gone: return "gone";
        case WriteOutcome::failed: return "failed";
        case WriteOutcome::unknown: return "unknown";
    }
    return {};
}

// May another try be of use, and soon?
bool is_worth_another_try(WriteResult const& result) {
    bool const fails =
        result.outcome == WriteOutcome::failed || result.outcome == WriteOutcome::fenced || result.outcome == WriteOutcome::withheld;
    return fails && result.retry_after <= longest_pause;
}

void note(store::Step& step, WriteResult const& result) {
    step.status = name(result.outcome);
    step.detail = result.detail;
}

class Application {
public:
    Application(ApplyParts parts, std::shared_ptr<lock::Hold> hold, tracker::Tracker& tracker, tracker::IssueRef ref, std::string key,
                Plan const& plan)
        : parts_{parts}, hold_{std::move(hold)}, tracker_{tracker}, ref_{std::move(ref)}, key_{std::move(key)}, plan_{plan} {}

    // Steps that take effect together; each with its result then. Those that fail are tried again without the others.
    Task<> write(std::span<store::Step> steps) {
        std::vector<store::Step*> left;
        for (auto& step : steps) left.push_back(&step);
        for (int attempt = 1;; ++attempt) {
            if (!co_await may_begin()) {
                for (auto* step : left) note(*step, {WriteOutcome::withheld, "the hold is over", {}});
                co_return;
            }
            if (attempt > 1 && is_of_labels(*left.front())) {
                auto asking = may_go_on(left);
                bool const goes_on = co_await std::move(asking);
                if (!goes_on) co_return;
            }
            // What an earlier try came to says nothing of this one, which may throw: a later look then tells.
            for (auto* step : left)
                if (is_of_labels(*step)) step->status = "planned";
            std::vector<WriteResult> results;
            std::exception_ptr limit;
            try {
                auto sending = send(left);
                results = co_await std::move(sending);
            } catch (tracker::LimitReached const& reached) {
                limit = std::current_exception();
                results.assign(left.size(), limited(reached));
            }
            if (changed_) co_return;
            auto const again = settle(left, results);
            if (limit && !unanswered_) std::rethrow_exception(limit);
            if (left.empty() || attempt == most_tries) co_return;
            cut_short_ = hold_->winding_down();
            if (cut_short_) co_return;
            auto const pause = std::max(again.retry_after, std::chrono::milliseconds{50} * (1 << attempt));
            parts_.log.warning("a write to the tracker failed, trying again",
                               {{"component", "groom"}, {"repo", ref_.repo}, {"issue", ref_.number}, {"error", again.detail}});
            // Refused by the tracker: the database knows whether the term is over.
            if (again.outcome == WriteOutcome::fenced) co_await store::prove(parts_.store, *hold_);
            co_await parts_.clock.sleep_for(pause);
        }
    }

    // Results that nothing else will store: the steps before a limit or a failure. Of texts they are stored already.
    Task<> keep(std::vector<store::Step> const& steps) {
        for (auto const& step : steps) {
            if (!is_of_labels(step) || step.status == "planned") continue;
            auto marking = store::mark_step(parts_.store, *hold_, key_, step);
            co_await std::move(marking);
        }
    }

    // Some write was not answered, whatever later tries came to: it may yet take effect.
    [[nodiscard]] bool unanswered() const { return unanswered_; }
    [[nodiscard]] bool changed() const { return changed_; }
    [[nodiscard]] bool cut_short() const { return cut_short_; }

private:
    Task<bool> may_go_on(std::vector<store::Step*> const& left) {
        std::optional<WriteResult> result;
        try {
            auto asking = is_still_same();
            bool const same = co_await std::move(asking);
            if (same) co_return true;
            result = changed_meanwhile();
        } catch (tracker::LimitReached const& reached) {
            result = limited(reached);
        }
        for (auto* step : left) note(*step, *result);
        co_return false;
    }

    Task<bool> is_still_same() {
        if (!parts_.still_same) co_return true;
        asking_ = true;
        auto asking = parts_.still_same();
        bool const same = co_await std::move(asking);
        asking_ = false;
        changed_ = changed_ || !same;
        co_return same;
    }

    static WriteResult changed_meanwhile() { return {WriteOutcome::failed, "somebody changed the issue meanwhile", {}}; }

    // What a limit lets nobody send. Not tried again, and no proof that an earlier try had no effect.
    [[nodiscard]] WriteResult limited(tracker::LimitReached const& reached) const {
        return {unanswered_ ? WriteOutcome::unknown : WriteOutcome::withheld, reached.what(), longest_pause + 1ms};
    }

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

    // Leaves those that are worth another try, and returns what became of them: the worst of it.
    WriteResult settle(std::vector<store::Step*>& steps, std::vector<WriteResult> const& results) {
        WriteResult worst;
        std::vector<store::Step*> left;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            note(*steps[i], results[i]);
            unanswered_ = unanswered_ || results[i].outcome == WriteOutcome::failed || results[i].outcome == WriteOutcome::unknown;
            if (!is_worth_another_try(results[i])) continue;
            bool const worse = left.empty() || results[i].outcome == WriteOutcome::fenced;
            auto const pause = std::max(worst.retry_after, results[i].retry_after);
            if (worse) worst = results[i];
            worst.retry_after = pause;
            left.push_back(steps[i]);
        }
        steps = std::move(left);
        return worst;
    }

    Task<std::vector<WriteResult>> send(std::vector<store::Step*> const& steps) {
        std::vector<WriteResult> results;
        if (steps.front()->op == add_op) {
            std::vector<std::string> labels;
            for (auto const* step : steps) labels.push_back(step->label);
            auto adding = tracker_.add_labels(ref_, std::move(labels), guard());
            results = co_await std::move(adding);
        } else {
            auto sending =
                steps.front()->op == remove_op ? tracker_.remove_label(ref_, steps.front()->label, guard()) : send_text(*steps.front());
            auto result = co_await std::move(sending);
            results.push_back(std::move(result));
        }
        auto const fenced = [](auto const& result) { return result.outcome == WriteOutcome::fenced; };
        if (std::any_of(results.begin(), results.end(), fenced)) parts_.metrics.fenced_writes_total("tracker").increment();
        co_return results;
    }

    // What is left as begun may have been done: only a limit, met before anything was sent, is known to have let nothing go.
    Task<WriteResult> send_text(store::Step& step) {
        auto const before = std::exchange(step.status, "begun");
        auto beginning = store::mark_step(parts_.store, *hold_, key_, step);
        co_await std::move(beginning);
        asking_ = false;
        bool unsent = false;
        std::exception_ptr failure;
        WriteResult result{WriteOutcome::withheld, {}, {}};
        try {
            auto writing = write_text(step);
            result = co_await std::move(writing);
        } catch (tracker::LimitReached const& reached) {
            failure = std::current_exception();
            result = limited(reached);
        } catch (Error const&) {
            if (!asking_) throw;
            unsent = true;
            failure = std::current_exception();
        }
        note(step, changed_ ? changed_meanwhile() : result);
        // As an earlier try left it: this one has sent nothing.
        if (changed_ || unsent) step.status = before == "planned" ? stale : before;
        auto ending = store::mark_step(parts_.store, *hold_, key_, step);
        co_await std::move(ending);
        if (failure) std::rethrow_exception(failure);
        co_return result;
    }

    Task<WriteResult> write_text(store::Step const& step) {
        if (step.op == section_op) return tracker_.set_section(ref_, step.label, step.text, guard());
        if (step.op == title_op) return tracker_.set_title(ref_, step.text, guard());
        if (step.op == comment_op) return tracker_.set_comment(ref_, step.label, step.text, earlier(step.label), guard());
        if (step.op == reopen_op) return tracker_.reopen(ref_, guard());
        auto const reason = step.label == not_planned ? tracker::CloseReason::not_planned : tracker::CloseReason::completed;
        return tracker_.close(ref_, reason, guard());
    }

    [[nodiscard]] std::vector<std::string> earlier(std::string const& name) const {
        auto const found = std::find_if(plan_.comments.begin(), plan_.comments.end(), [&](auto const& one) { return one.name == name; });
        auto texts = found == plan_.comments.end() ? std::vector<std::string>{} : found->earlier;
        for (auto& text : texts) text = bounded(text);
        return texts;
    }

    [[nodiscard]] tracker::WriteGuard guard() {
        return {hold_->terms().term, [hold = hold_, limit = parts_.write_limit] { return hold->may_write(limit); },
                [this] { return may_begin(); }, [this] { return is_still_same(); }};
    }

    ApplyParts parts_;
    std::shared_ptr<lock::Hold> hold_;
    tracker::Tracker& tracker_;
    tracker::IssueRef ref_;
    std::string const key_;
    Plan const& plan_;
    bool unanswered_ = false;
    bool asking_ = false;  // whether it is still the same: nothing is sent meanwhile
    bool changed_ = false;
    bool cut_short_ = false;
};

// The next ones, from the first that is left: all labels to be added are added by one write.
std::span<store::Step> next_group(std::span<store::Step> steps) {
    std::size_t count = 1;
    if (steps.front().op == add_op)
        while (count < steps.size() && steps[count].op == add_op) ++count;
    return steps.first(count);
}

void take(Applied& applied, store::Step const& step) {
    if (step.status == "done" || step.status == "already") return;
    if (applied.all_done) applied.failure = step.detail;
    applied.all_done = false;
    applied.gone = applied.gone || step.status == name(WriteOutcome::gone);
    applied.fenced = applied.fenced || step.status == name(WriteOutcome::fenced);
    applied.withheld = applied.withheld || step.status == name(WriteOutcome::withheld);
    applied.unknown = applied.unknown || step.status == name(WriteOutcome::unknown);
    applied.unanswered = applied.unanswered || applied.unknown || step.status == name(WriteOutcome::failed);
}

}  // namespace

std::vector<store::Step> steps_of(Plan const& plan) {
    std::vector<store::Step> steps;
    auto const add = [&](std::string_view op, std::string label, std::string text = {}) {
        steps.push_back({static_cast<int>(steps.size()), std::string{op}, std::move(label), "planned", "", std::move(text)});
    };
    // Additions first: an issue never stands without a label that it had and will have.
    for (auto const& label : plan.add) add(add_op, label);
    for (auto const& label : plan.remove) add(remove_op, label);
    for (auto const& comment : plan.comments) add(comment_op, comment.name, bounded(comment.text));
    for (auto const& section : plan.sections) add(section_op, section.name, bounded(section.text));
    if (plan.title) add(title_op, "", bounded(*plan.title));
    if (plan.close) add(close_op, std::string{*plan.close == tracker::CloseReason::not_planned ? not_planned : "completed"});
    if (plan.reopen) add(reopen_op, "");
    return steps;
}

Task<Applied> apply(ApplyParts parts, std::shared_ptr<lock::Hold> hold, tracker::Tracker& tracker, std::int64_t issue_id,
                    tracker::IssueRef ref, std::string revision, Plan plan) {
    Applied applied;
    applied.key = key_of(ref, revision, plan);
    auto wanted = steps_of(plan);
    applied.steps = co_await store::begin_steps(parts.store, *hold, issue_id, applied.key, wanted);
    Application application{parts, hold, tracker, ref, applied.key, plan};
    for (std::span<store::Step> left{applied.steps}; !left.empty() && applied.all_done;) {
        auto const group = next_group(left);
        std::exception_ptr failure;
        try {
            co_await application.write(group);
        } catch (pg::DatabaseError const&) {
            throw;
        } catch (Error const&) {
            failure = std::current_exception();
        }
        if (failure) {
            co_await application.keep(applied.steps);
            std::rethrow_exception(failure);
        }
        for (auto const& step : group) take(applied, step);
        left = left.subspan(group.size());
    }
    applied.unanswered = applied.unanswered || application.unanswered();
    applied.changed = application.changed();
    applied.cut_short = application.cut_short();
    co_return applied;
}

}  // namespace groomer::groom
