// What was written down of a world, by others than groomer: the fake's requests and effects, what people did, and the
// database. Plain values: the judge's tests make them by hand.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace groomer::github_faults {

using Moment = std::chrono::time_point<std::chrono::steady_clock, std::chrono::microseconds>;
Moment moment_now();

// One that reached the fake. Effects are counted in the order of its log: `seen` were there as it arrived.
struct Request {
    std::string id, method, target, body;
    int process = 0;          // who sent it, by number of its start; 0: not known
    std::string repository;   // by the name that the configuration has for it
    std::int64_t issue = 0;   // 0: none
    Moment arrived, ended{};  // ended: its answer has left, or never will
    std::size_t seen = 0;
    std::optional<std::size_t> applied;   // effects there as it had taken its own
    int status = 0;                       // 0: none was given
    std::optional<Moment> limited_until;  // that its answer names
    bool struck = false;                  // broken on purpose

    [[nodiscard]] bool reads() const { return method == "GET" || method == "HEAD"; }
};

// A change of state, from the fake's log.
struct Effect {
    std::size_t place = 0;
    std::string repository;  // as in Request
    std::int64_t issue = 0;
    std::string what, label, body;  // "label.add"; body: of a comment
    bool ours = false;
    std::string request;  // "": a person's
    std::int64_t term = 0;
};

struct Decision {
    std::string family, value;  // "": abstained
};

// An issue as the fake has it, beside what the database says of it.
struct IssueNow {
    std::string repository;
    std::int64_t number = 0;
    std::string title, body;
    bool open = true;
    std::set<std::string> labels;
    std::map<std::string, std::vector<std::string>> comments;  // ours, by the name in their mark
    struct Stored {
        std::string title;
        bool open = true, gone = false, due = false, leased = false;
        std::set<std::string> labels;
        std::string outcome, reason;
        std::vector<Decision> decisions;  // of the last run
        std::vector<std::string> steps;   // of the last application: "label.add x: done"
    };
    std::optional<Stored> stored;
};

// What the writer was told to bring about in a round.
struct Wanted {
    std::int64_t issue = 0;
    std::string op, name, text;
    bool operator==(Wanted const&) const = default;
};

struct Round {
    int number = 0;
    std::vector<std::string> faults;  // those that were to strike
    std::vector<std::string> struck;
    Moment began, ended{};
    std::vector<std::string> unsettled;  // what was not as it should be when patience ended
};

struct Family {
    std::string name;
    std::set<std::string> labels, never_set;
};

struct History {
    std::vector<Family> families;
    std::set<std::string> repositories;  // that are configured
    int at_once = 8;
    bool writers = false;  // the tracker's writes alone, without a database
    std::vector<Request> requests;
    std::vector<Effect> effects;
    std::vector<Round> rounds;
    std::vector<std::string> ended_by_themselves;  // processes
    std::vector<std::string> leaks;                // "token in replica-3.log"
};

struct Violation {
    std::string rule, sentence;
    Moment at;
};

}  // namespace groomer::github_faults
