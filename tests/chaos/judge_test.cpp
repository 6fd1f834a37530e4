#include "chaos/judge_test.hpp"

#include "chaos/judge.hpp"

#include <cstdio>
#include <functional>

namespace groomer::chaos {
namespace {

using namespace std::chrono_literals;

Moment at(milliseconds since) { return Moment{1'000'000s} + since; }

std::string token(std::int64_t term, std::string const& pod) {
    return "g1|2000|" + std::to_string(term) + "|slot-" + pod + "|incarnation-" + pod + "|00000001|uuid";
}

LockEvent taken(milliseconds when, std::int64_t term, std::string const& pod) {
    return {0, at(when), "INSERT", "groomer", {}, token(term, pod), {}, at(when), pod};
}
LockEvent released(milliseconds when, std::int64_t term, std::string const& pod, milliseconds stamp) {
    return {0, at(when), "DELETE", "groomer", token(term, pod), {}, at(stamp), {}, pod};
}
LockEvent stolen(milliseconds when, std::int64_t from, std::string const& loser, milliseconds stamp, std::int64_t term,
                 std::string const& pod) {
    return {0, at(when), "UPDATE", "groomer", token(from, loser), token(term, pod), at(stamp), at(when), pod};
}
LockEvent renewed(milliseconds when, std::int64_t term, std::string const& pod, milliseconds stamp) {
    return {0, at(when), "UPDATE", "groomer", token(term, pod), token(term, pod), at(stamp), at(when), pod};
}
StateEvent began(milliseconds when, std::int64_t term, std::string const& pod, milliseconds due) {
    return {0, at(when), "groomer", {}, token(term, pod), at(due), at(due), at(when), "", false, 0, pod};
}
StateEvent ended(milliseconds when, std::int64_t term, std::string const& pod, milliseconds due, milliseconds next) {
    return {0, at(when), "groomer", token(term, pod), {}, at(due), at(next), at(0ms), "finished", false, 0, pod};
}
TableWrite wrote(milliseconds when, std::int64_t term, std::string const& pod) {
    return {0, at(when), at(when + 1ms), "run", "INSERT", pod, 1, token(term, pod), true, true};
}
TrackerWrite added(milliseconds when, std::int64_t term, std::string const& pod, std::int64_t place) {
    TrackerWrite write;
    write.op = "add";
    write.issue = 1;
    write.label = "label-" + std::to_string(place);
    write.term = term;
    write.pod = pod;
    write.checked = write.received = at(when);
    write.effect = at(when + 5ms);
    write.place = place;
    write.changed = write.answered = true;
    return write;
}

// Two holds of two pods, one after the other, with all that belongs to them.
History good() {
    History history;
    history.timing = {2000ms, 400ms, 600ms, 400ms};
    history.instances = {{"a", at(0ms), {}, false, 0}, {"b", at(0ms), {}, false, 0}};
    Segment segment;
    segment.timeline = "00000001";
    segment.locks = {taken(100ms, 10, "a"), released(500ms, 10, "a", 100ms), taken(700ms, 20, "b"), released(900ms, 20, "b", 700ms)};
    segment.states = {began(100ms, 10, "a", 50ms), ended(500ms, 10, "a", 50ms, 650ms), began(700ms, 20, "b", 650ms),
                      ended(900ms, 20, "b", 650ms, 1050ms)};
    segment.writes = {wrote(200ms, 10, "a"), wrote(800ms, 20, "b")};
    history.segments = {segment};
    history.tracker = {added(300ms, 10, "a", 1), added(850ms, 20, "b", 2)};
    history.model = {{"a", 1, 1, at(150ms), at(250ms), {}}};
    Round round;
    round.fault = "none";
    round.began = round.cleared = at(0ms);
    round.recovered = at(950ms);
    history.rounds = {round};
    history.issues = {{1, 1, {"type/bug"}, {"type/bug"}}};
    return history;
}

// Stolen by b, when a's stamp is `age` old.
void steal(History& history, milliseconds age) {
    auto& locks = history.segments[0].locks;
    locks = {taken(100ms, 10, "a"), stolen(100ms + age, 10, "a", 100ms, 20, "b")};
    history.segments[0].states = {began(100ms, 10, "a", 50ms)};
    history.segments[0].writes = {wrote(200ms, 10, "a")};
    history.tracker = {added(300ms, 10, "a", 1)};
}

// a holds on, and renews then for the first time.
void renew_late(History& history, milliseconds when) {
    steal(history, when);
    history.segments[0].locks[1] = renewed(when, 10, "a", 100ms);
}

// The same, and b writes to the tracker then; `incarnation`: its own.
void write_after(History& history, milliseconds age, char const* incarnation, milliseconds checked) {
    steal(history, age);
    auto& locks = history.segments[0].locks;
    auto const mine = std::string{"g1|2000|20|slot-a|incarnation-"} + incarnation + "|00000001|uuid";
    locks[1].new_token = mine;
    locks.push_back(renewed(checked - 1ms, 20, "b", 100ms + age));
    locks[2].old_token = locks[2].new_token = mine;
    locks[2].old_stamp = at(checked - 10ms);
    history.tracker.push_back(added(checked, 20, "b", 2));
}

// a's row is deleted in the place of a person; b, which takes it at 0.7 s, writes to the tracker then.
void delete_row(History& history, milliseconds checked) {
    auto& locks = history.segments[0].locks;
    locks[1].pod = "driver";
    locks[3] = renewed(checked - 1ms, 20, "b", checked - 10ms);
    history.segments[0].states.resize(3);
    history.tracker[1] = added(checked, 20, "b", 2);
}

// a holds for a bit longer, and writes at its end, without having renewed.
void write_at_the_end(History& history, milliseconds checked) {
    history.segments[0].locks[1] = released(600ms, 10, "a", 100ms);
    history.segments[0].states[1] = ended(600ms, 10, "a", 50ms, 750ms);
    history.segments[0].states[2] = began(760ms, 20, "b", 750ms);
    history.segments[0].states[3] = ended(900ms, 20, "b", 750ms, 1050ms);
    history.tracker[0] = added(checked, 10, "a", 1);
}

void fail_last(History& history) {
    history.segments[0].states[3].ended = "failed";
    history.segments[0].states[3].failures = 1;
}

// Nothing is disturbed from the begin of the round to `cleared`.
void leave_in_peace(History& history, milliseconds cleared) {
    history.rounds[0].quiet_from = at(0ms);
    history.rounds[0].cleared = at(cleared);
}

// Somebody asks at 1 s for a tick that is due in a long time, which begins then.
void ask(History& history, milliseconds begins) {
    leave_in_peace(history, 9000ms);
    auto& segment = history.segments[0];
    auto postponed = began(950ms, 0, "driver", 1050ms);
    postponed.new_token.reset();
    postponed.new_due = at(20'000ms);
    auto begun = began(begins, 30, "a", 20'000ms);
    begun.requested = true;
    segment.states.insert(segment.states.end(), {postponed, begun});
    segment.locks.push_back(taken(begins, 30, "a"));
    history.rounds[0].requested = Request{"groomer", at(1000ms)};
}

// a, killed, comes back at once in its slot; who follows it is b.
void restart_in_slot(History& history, char const* incarnation_of) {
    steal(history, 2001ms);
    if (incarnation_of[0] == 'a') {
        steal(history, 500ms);
        history.segments[0].locks[1].new_token = "g1|2000|20|slot-a|incarnation-b|00000001|uuid";
    }
    history.instances[0].died = at(350ms);
    history.instances[0].killed = true;
    history.rounds[0].killed = at(350ms);
    history.rounds[0].killed_token = token(10, "a");
    history.rounds[0].restarted_in_slot = true;
}

void promote(History& history, milliseconds taken_at) {
    Segment second;
    second.timeline = "00000002";
    second.locks = {taken(taken_at, 30, "b")};
    history.segments.push_back(second);
}

// a was stopped inside its send, which took effect then; b finds it so already, at another revision.
void land_late(History& history, milliseconds effect) {
    history.pauses = {{"a", at(310ms), at(1010ms)}};
    history.tracker[0].received = at(1021ms);
    history.tracker[0].effect = at(effect);
    history.tracker[0].revision = 1;
    history.tracker[1].label = history.tracker[0].label;
    history.tracker[1].revision = 2;
    history.tracker[1].changed = false;
}

// a alone, which wakes from a pause at 1 s and asks the model 0.2 s later.
void wake_slowly(History& history, milliseconds cut) {
    history.pauses = {{"a", at(400ms), at(1000ms)}};
    history.model.push_back({"a", 1, 1, at(1200ms), {}, at(cut)});
    history.segments[0].locks.resize(2);
    history.segments[0].states.resize(2);
    history.segments[0].writes.resize(1);
    history.tracker.resize(1);
}

struct Case {
    char const* rule;  // "": none
    char const* what;
    std::function<void(History&)> change;
};

std::vector<Case> cases() {
    return {
        {"", "nothing in a good history", [](History&) {}},
        {"", "nothing where the other lock gives out the same terms",
         [](History& h) {
             auto const other_lock = [](auto event) {
                 event.lock = "global";
                 return event;
             };
             auto& locks = h.segments[0].locks;
             auto& states = h.segments[0].states;
             locks.push_back(other_lock(taken(920ms, 20, "a")));
             locks.push_back(other_lock(released(940ms, 20, "a", 920ms)));
             states.push_back(other_lock(began(920ms, 20, "a", 910ms)));
             states.push_back(other_lock(ended(940ms, 20, "a", 910ms, 1240ms)));
         }},
        {"", "nothing where an expired row is taken", [](History& h) { steal(h, 2001ms); }},
        {"one holder", "a row that is taken from the living", [](History& h) { steal(h, 1990ms); }},
        {"", "nothing where a dead predecessor's row is taken back",
         [](History& h) {
             steal(h, 500ms);
             h.segments[0].locks[1].new_token = "g1|2000|20|slot-a|incarnation-b|00000001|uuid";
             h.instances[0].died = at(400ms);
             h.instances[0].killed = true;
         }},
        {"one holder", "a row that is taken back from a predecessor that lives",
         [](History& h) {
             steal(h, 500ms);
             h.segments[0].locks[1].new_token = "g1|2000|20|slot-a|incarnation-b|00000001|uuid";
         }},
        {"one holder", "a row that is taken though nobody had it",
         [](History& h) { h.segments[0].locks[2] = stolen(700ms, 15, "a", 600ms, 20, "b"); }},
        {"", "nothing where a renewal is as late as its statement may be", [](History& h) { renew_late(h, 2899ms); }},
        {"one holder", "a renewal after its end", [](History& h) { renew_late(h, 2901ms); }},
        {"one holder", "a renewal by another",
         [](History& h) {
             auto& locks = h.segments[0].locks;
             locks.insert(locks.begin() + 1, renewed(400ms, 10, "a", 100ms));
             locks[1].pod = "b";
         }},
        {"one holder", "a renewal of what nobody holds",
         [](History& h) {
             auto& locks = h.segments[0].locks;
             locks.insert(locks.begin() + 2, renewed(600ms, 10, "a", 100ms));
         }},
        {"one holder", "a release of what nobody holds",
         [](History& h) {
             auto& locks = h.segments[0].locks;
             locks.insert(locks.begin() + 2, released(600ms, 10, "a", 100ms));
         }},
        {"one holder", "a release by another", [](History& h) { h.segments[0].locks[1].pod = "b"; }},
        {"", "nothing where the row was deleted by the driver", [](History& h) { delete_row(h, 5801ms); }},
        {"tracker writes in time", "a write begun too soon after a row was deleted", [](History& h) { delete_row(h, 5797ms); }},
        {"rising terms", "a term that does not rise",
         [](History& h) {
             h.segments[0].locks[2] = taken(700ms, 9, "b");
             h.segments[0].locks[3] = released(900ms, 9, "b", 700ms);
             h.segments[0].states.resize(2);
             h.segments[0].writes.pop_back();
             h.tracker.pop_back();
         }},
        {"", "nothing where a stamp is as old as a statement may be", [](History& h) { h.segments[0].locks[0].new_stamp = at(-750ms); }},
        {"one holder", "a stamp that is older than its statement may be",
         [](History& h) { h.segments[0].locks[0].new_stamp = at(-801ms); }},
        {"one holder", "a stamp of the future", [](History& h) { h.segments[0].locks[0].new_stamp = at(101ms); }},
        {"", "nothing where the server was stopped in a statement",
         [](History& h) {
             h.segments[0].locks[0].new_stamp = at(-1500ms);
             h.server_pauses = {{"", at(-1400ms), at(90ms)}};
         }},
        {"", "nothing where a promoted standby is awaited", [](History& h) { promote(h, 2701ms); }},
        {"care after a promotion", "a promoted standby that is not awaited", [](History& h) { promote(h, 2699ms); }},
        {"fenced writes", "a write committed after the end of its term", [](History& h) { h.segments[0].writes[0].committed = at(501ms); }},
        {"fenced writes", "a write under a token that is not current", [](History& h) { h.segments[0].writes[0].current = false; }},
        {"fenced writes", "a write under another's token", [](History& h) { h.segments[0].writes[0].pod = "b"; }},
        {"fenced writes", "a write without a fence", [](History& h) { h.segments[0].writes[0].fenced = false; }},
        {"due once", "a tick that ends twice for one due time",
         [](History& h) {
             h.segments[0].states[2] = began(700ms, 20, "b", 50ms);
             h.segments[0].states[3] = ended(900ms, 20, "b", 50ms, 1050ms);
         }},
        {"due once", "a tick that begins early", [](History& h) { h.segments[0].states[2] = began(700ms, 20, "b", 701ms); }},
        {"due once", "a due time that moves without a tick", [](History& h) { h.segments[0].states[0].new_due = at(5000ms); }},
        {"", "nothing where a tick follows a full batch", [](History& h) { h.segments[0].states[3].new_due = at(1150ms); }},
        {"due once", "a due time that is no interval after the end of its tick",
         [](History& h) { h.segments[0].states[3].new_due = at(1200ms); }},
        {"due once", "a due time that is too soon after the end of its tick",
         [](History& h) { h.segments[0].states[3].new_due = at(1040ms); }},
        {"due once", "a due time that moves with a tick that was cut short", [](History& h) { h.segments[0].states[3].ended = "kept"; }},
        {"", "nothing where a failed tick backs off for an interval", [](History& h) { fail_last(h); }},
        {"due once", "a failed tick that backs off for longer",
         [](History& h) {
             fail_last(h);
             h.segments[0].states[3].new_due = at(1150ms);
         }},
        {"", "nothing where requests were served that came before", [](History& h) { h.segments[0].states[1].newest_served = at(100ms); }},
        {"", "nothing where a request is seen and served",
         [](History& h) {
             h.segments[0].states[0].requested = true;
             h.segments[0].states[1].served = true;
         }},
        {"due once", "a request that was seen and is left", [](History& h) { h.segments[0].states[0].requested = true; }},
        {"due once", "requests called served by the begin of a tick", [](History& h) { h.segments[0].states[2].served = true; }},
        {"due once", "requests called served by a tick that was cut short",
         [](History& h) {
             h.segments[0].states[3].served = true;
             h.segments[0].states[3].ended = "kept";
             h.segments[0].states[3].new_due = h.segments[0].states[3].old_due;
         }},
        {"due once", "requests called served that came after the begin",
         [](History& h) { h.segments[0].states[1].newest_served = at(101ms); }},
        {"", "nothing where the next tick may still begin in time", [](History& h) { leave_in_peace(h, 4000ms); }},
        {"due once", "a tick that is skipped", [](History& h) { leave_in_peace(h, 4100ms); }},
        {"", "nothing where who asks is served in time", [](History& h) { ask(h, 3900ms); }},
        {"due once", "one who asks and is served late", [](History& h) { ask(h, 4100ms); }},
        {"", "nothing where a write just fits before its deadline", [](History& h) { write_at_the_end(h, 501ms); }},
        {"tracker writes in time", "a write that does not fit before its deadline", [](History& h) { write_at_the_end(h, 503ms); }},
        {"", "nothing where a write awaits its quarantine", [](History& h) { write_after(h, 2001ms, "b", 2701ms); }},
        {"tracker writes in time", "a write that does not await its quarantine", [](History& h) { write_after(h, 2001ms, "b", 2690ms); }},
        {"", "nothing where a write after a lost reply waits", [](History& h) { write_after(h, 500ms, "a", 5700ms); }},
        {"tracker writes in time", "a write after a lost reply that waits for settle alone",
         [](History& h) { write_after(h, 500ms, "a", 5690ms); }},
        {"tracker writes in time", "a write begun after the end of its term", [](History& h) { h.tracker[0] = added(510ms, 10, "a", 1); }},
        {"", "nothing where a holder learns of its deleted row within a proof's age",
         [](History& h) {
             delete_row(h, 5801ms);
             auto& locks = h.segments[0].locks;
             locks.insert(locks.begin() + 1, renewed(450ms, 10, "a", 100ms));
             h.tracker[0] = added(690ms, 10, "a", 1);
         }},
        {"tracker writes in time", "a write begun longer after its row was deleted",
         [](History& h) {
             delete_row(h, 5801ms);
             auto& locks = h.segments[0].locks;
             locks.insert(locks.begin() + 1, renewed(450ms, 10, "a", 100ms));
             h.tracker[0] = added(1510ms, 10, "a", 1);
             h.tracker.pop_back();
         }},
        {"one holder", "a state row written by who does not hold", [](History& h) { h.segments[0].states[1].pod = "b"; }},
        {"tracker writes in time", "a write begun in quarantine", [](History& h) { h.segments[0].states[2].quarantine_until = at(900ms); }},
        {"tracker order", "an effect of an older term after one of a newer",
         [](History& h) {
             h.tracker[0].place = 3;
             h.tracker[0].effect = at(870ms);
         }},
        {"", "nothing where the send was paused for longer than the margin",
         [](History& h) {
             h.pauses = {{"a", at(310ms), at(1010ms)}};
             h.tracker[0].place = 3;
             h.tracker[0].received = at(1021ms);
             h.tracker[0].effect = at(1025ms);
         }},
        {"tracker order", "a send that took as long without a pause",
         [](History& h) {
             h.tracker[0].place = 3;
             h.tracker[0].received = at(1021ms);
             h.tracker[0].effect = at(1025ms);
         }},
        {"tracker order", "a pause inside the send that the margin covers",
         [](History& h) {
             h.pauses = {{"a", at(310ms), at(1010ms)}};
             h.tracker[0].place = 3;
             h.tracker[0].received = at(1019ms);
             h.tracker[0].effect = at(1025ms);
         }},
        {"no duplicates", "an effect that happens again", [](History& h) { h.tracker[1].label = h.tracker[0].label; }},
        {"no duplicates", "an effect on what was so already", [](History& h) { h.tracker[1].changed = false; }},
        {"", "nothing where the sender could not see what a paused one had done", [](History& h) { land_late(h, 852ms); }},
        {"no duplicates", "an effect on what a paused one had done before its sender looked", [](History& h) { land_late(h, 849ms); }},
        {"", "nothing where a paused process wakes slowly, and cuts at once", [](History& h) { wake_slowly(h, 1201ms); }},
        {"model within a hold", "a model that is kept waiting after a pause", [](History& h) { wake_slowly(h, 1301ms); }},
        {"model within a hold", "a model that is asked past the end of a term", [](History& h) { h.model[0].answered = at(601ms); }},
        {"model within a hold", "a model that is asked by who never held", [](History& h) { h.model[0].pod = "b"; }},
        {"taken over in time", "a dead holder that is replaced too late",
         [](History& h) {
             steal(h, 2201ms);
             h.rounds[0].killed = at(150ms);
             h.rounds[0].killed_token = token(10, "a");
         }},
        {"", "nothing where a container takes its own row back", [](History& h) { restart_in_slot(h, "a"); }},
        {"taken over in time", "a container that came back at once, and not to its row", [](History& h) { restart_in_slot(h, "b"); }},
        {"never stuck", "a round after which nothing works", [](History& h) { h.rounds[0].stuck = true; }},
        {"nothing lost", "an issue without its label", [](History& h) { h.issues[0].labels.clear(); }},
        {"nothing lost", "an issue with a label too many", [](History& h) { h.issues[0].labels.insert("type/feature"); }},
        {"no crash", "a replica that ends by itself",
         [](History& h) {
             h.instances[0].died = at(950ms);
             h.instances[0].status = 139;
         }},
        {"faults that strike", "a fault that never strikes",
         [](History& h) {
             h.rounds[0].missed = true;
             for (int i = 0; i < 3; ++i) h.rounds.push_back(h.rounds[0]);
         }},
    };
}

// One that strikes in one world of two is enough; one that never does is told.
bool finds_what_never_struck() {
    auto one = good(), other = good();
    one.rounds[0].fault = other.rounds[0].fault = "kill";
    other.rounds[0].struck = true;
    bool right = never_struck({&one}) == std::vector<std::string>{"kill"} && never_struck({&one, &other}).empty();
    // What strikes by chance alone is told where it came often.
    one.rounds[0].fault = "promote";
    right = right && never_struck({&one, &one, &one}).empty() && never_struck({&one, &one, &one, &one}).size() == 1;
    std::printf("%s - chaos: the judge finds a kind of fault that has disturbed nothing in any world\n", right ? "ok" : "not ok");
    return right;
}

bool finds_promotions_that_lose_nothing() {
    // A promotion that keeps one change of what the segment has.
    auto const lost = [](LockEvent const& first, LockEvent const& second) {
        auto history = good();
        auto& segment = history.segments[0];
        segment.locks.insert(segment.locks.end(), {first, second});
        segment.kept = 0;
        for (auto& event : segment.locks) event.seq = &event == &segment.locks[4] || &event == &segment.locks[5] ? 1 : 0;
        return loses_both(judge(history).counts);
    };
    auto const acquire = taken(1100ms, 30, "a"), release = released(1200ms, 30, "a", 1100ms);
    bool const right = lost(acquire, release) && !lost(acquire, acquire) && !lost(release, release);
    std::printf("%s - chaos: the judge finds that promotions lost no acquire, or no release\n", right ? "ok" : "not ok");
    return right;
}

}  // namespace

bool test_judge() {
    bool good_so_far = finds_what_never_struck();
    good_so_far = finds_promotions_that_lose_nothing() && good_so_far;
    for (auto const& one : cases()) {
        auto history = good();
        one.change(history);
        auto const verdict = judge(history);
        bool right = verdict.violations.empty() == (one.rule[0] == '\0');
        for (auto const& violation : verdict.violations) right = right && violation.rule == one.rule;
        std::printf("%s - chaos: the judge finds %s\n", right ? "ok" : "not ok", one.what);
        if (!right)
            for (auto const& violation : verdict.violations) std::printf("  %s: %s\n", violation.rule.c_str(), violation.sentence.c_str());
        good_so_far = good_so_far && right;
    }
    return good_so_far;
}

}  // namespace groomer::chaos
