#include "groom/outcome.hpp"

#include "groom/labels.hpp"

#include <algorithm>
#include <map>

namespace groomer::groom {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds day = 24h;

// Sooner for what matters more; the list of the priority family begins with the highest.
milliseconds window(std::vector<std::string> const& labels, config::Policy const& policy) {
    for (auto const& family : policy.labels) {
        if (family.name != "priority") continue;
        for (std::size_t place = 0; place < family.values.size(); ++place) {
            if (!contains_label(labels, family.values[place].label)) continue;
            return place < 2 ? 30 * day : place == 2 ? 90 * day : 365 * day;
        }
    }
    return 365 * day;
}

// A label of the status family by its role.
bool carries_role(std::vector<std::string> const& labels, config::Policy const& policy, std::string_view role) {
    for (auto const& family : policy.labels)
        for (auto const& value : family.values)
            if (family.name == "status" && value.role == role && contains_label(labels, value.label)) return true;
    return false;
}

milliseconds until_next_look(Plan const& plan, config::Policy const& policy, bool second_best) {
    constexpr milliseconds deferred = 14 * day;
    if (!plan.status_decided || second_best) return 1h;
    auto const after = window(plan.after, policy);
    return carries_role(plan.after, policy, "blocked") ? std::min(after, deferred) : after;
}

void tell_texts(std::string& reason, Plan const& plan) {
    auto const tell = [&](std::string const& sentence) { reason.append(reason.empty() ? "" : "; ").append(sentence); };
    if (plan.title) tell("title: " + *plan.title);
    if (!plan.comments.empty()) tell("a comment is written");
    if (!plan.sections.empty()) tell("description: a summary is added");
    if (plan.close == tracker::CloseReason::completed) tell("closed: it is done, and nobody has said otherwise");
    if (plan.close == tracker::CloseReason::not_planned) tell("closed: nobody has answered");
}

std::vector<std::string> done(std::vector<store::Step> const& steps, std::string_view op) {
    std::vector<std::string> labels;
    for (auto const& step : steps)
        if (step.op == op && step.status == "done") labels.push_back(step.label);
    return labels;
}

// 30 min, an hour, then parked until something changes.
std::optional<milliseconds> after_failure(int failures) {
    constexpr int breaker = 3;
    if (failures >= breaker) return std::nullopt;
    return milliseconds{30min} * (1 << (failures - 1));
}

}  // namespace

std::vector<std::string> sorted(std::vector<std::string> labels) {
    std::sort(labels.begin(), labels.end());
    return labels;
}

std::string joined(std::vector<std::string> const& labels) {
    std::string out;
    for (auto const& label : labels) out.append(out.empty() ? "" : ", ").append(label);
    return out;
}

std::vector<std::string> standing_of_ours(tracker::Issue const& issue) {
    std::map<std::string, bool> ours;  // by label: did we set it last?
    for (auto const& event : issue.events) ours[event.label] = event.added && event.actor == tracker::Actor::self;
    std::vector<std::string> out;
    for (auto const& [label, mine] : ours)
        if (mine && std::find(issue.labels.begin(), issue.labels.end(), label) != issue.labels.end()) out.push_back(label);
    return out;
}

void leave_alone(store::Record& record, std::string why, std::optional<milliseconds> again) {
    record.outcome = "skipped";
    record.reason = std::move(why);
    record.due_in = again;
}

void leave_undone(store::Record& record) {
    leave_alone(record, "what was done to it was taken back, and it has not changed since: only --force grooms it", std::nullopt);
    record.undone = record.revision;
}

void leave_unread(store::Record& record, std::string why, int failures_before) {
    record.outcome = "failed";
    record.reason = std::move(why);
    record.unread = true;
    record.failures = failures_before + 1;
    record.due_in = after_failure(record.failures);
}

void leave_to_return(store::Record& record) {
    constexpr milliseconds look_again = 1h;
    record.unread = true;
    leave_alone(record, "the tracker has it no more", look_again);
}

std::optional<milliseconds> parked_for(tracker::Issue const& issue) {
    if (!issue.open) return std::nullopt;
    return 14 * day;
}

void settle(store::Record& record, Plan const& plan, config::Policy const& policy, bool second_best) {
    for (auto const& family : plan.families)
        record.reason.append(record.reason.empty() ? "" : "; ").append(family.family + ": " + family.reason);
    tell_texts(record.reason, plan);
    record.failures = 0;
    // While no status can be decided, a later tick tries again, after the cooldown.
    record.due_in = std::max(policy.cooldown, until_next_look(plan, policy, second_best));
    if (policy.mode != config::Mode::apply && !plan.empty()) record.outcome = "planned";
    else if (!plan.status_decided) record.outcome = "abstained";
    else record.outcome = plan.empty() ? "noop" : "applied";
    if (record.outcome != "planned" && plan.empty()) record.own_labels = plan.own_after;
}

void go_stale(store::Record& record) {
    record.outcome = "stale";
    record.reason = "it changed while it was judged";
    record.added.clear();
    record.removed.clear();
    record.due_in = 1s;
}

void take_result(store::Record& record, Plan const& plan, Applied const& applied, int failures_before) {
    record.application = applied.key;
    if (applied.all_done) {
        record.failures = 0;
        record.labels_after = plan.after;
        record.own_labels = plan.own_after;
        record.title = plan.title;
        if (plan.close) record.open = false;
        if (plan.reopen) record.open = true;
        return;
    }
    // What is told is what was written, not what was wanted.
    record.added = done(applied.steps, "label.add");
    record.removed = done(applied.steps, "label.remove");
    bool const some = std::any_of(applied.steps.begin(), applied.steps.end(), [](auto const& step) { return step.status == "done"; });
    record.outcome = some ? "partial" : "failed";
    record.reason = applied.failure;
    if (applied.gone) return leave_to_return(record);
    if (applied.changed) {  // what stands there is judged anew
        if (!some) record.outcome = "stale";
        record.failures = failures_before;
        record.due_in = 1s;
        return;
    }
    record.failures = failures_before + (applied.unknown || applied.cut_short ? 0 : 1);
    if (applied.unknown) record.due_in = 10min;
    else record.due_in = applied.cut_short ? 1min : after_failure(record.failures);
}

}  // namespace groomer::groom
