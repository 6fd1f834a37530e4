// What a tick reads and writes of the issues it grooms. Every write is fenced.
#pragma once

#include "store/store.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace groomer::store {

// A step that grooming has stored of an issue, and the run that it belongs to.
struct Act {
    std::optional<std::int64_t> run;  // none yet: its holder died, and nobody has groomed the issue since
    std::string op, label;            // as in Step
    bool selected = false;            // it is to be taken back
    std::string text = {};
};

// An issue that this tick has selected and leased, in one statement.
struct Claimed {
    std::int64_t id = 0;
    tracker::IssueRef ref;
    std::string source;
    int failures = 0;
    std::vector<std::string> own_labels;  // those that we set, as last recorded
    std::vector<std::string> taken_away;  // those that people had set and that a sync saw go; one may still stand by our effect
    std::optional<std::int64_t> due;      // when it was, in microseconds since the epoch; none: not before something changed
    std::optional<std::string> undone;    // the revision at which what runs had done was taken back, if nobody has groomed it since
    std::vector<Act> acts = {};           // to be undone: all that were not taken back yet, the oldest first
};

struct ClaimSource {
    std::string name;
    std::int64_t batch = 50;  // of its issues at most
};

struct ClaimOptions {
    std::vector<ClaimSource> sources;  // of which issues are taken
    std::chrono::milliseconds lease{0};
    std::optional<tracker::IssueRef> only;  // one issue, due or not
    std::optional<std::string> repo;        // of one repository alone
    bool due_or_not = false;                // any open issue, the one that was longest not groomed first
};

struct Claim {
    std::vector<Claimed> issues;
    bool full = false;  // a limit was reached: there may be more
};

// The due issues, at most a source's batch of each source and the largest batch in all: never groomed first, then changed
// by a person, then re-triage; repositories in turn. Names of repositories are compared without case, as GitHub does.
Task<Claim> claim(Store& store, lock::Hold& hold, ClaimOptions options);

// Ends the leases of issues that were claimed and not groomed, so that the next tick takes them.
Task<> unclaim(Store& store, lock::Hold& hold, std::vector<std::int64_t> issues);

// Makes issues that were claimed due again after `delay`, as the last of their kind; those that something has made due since stay.
Task<> put_last(Store& store, lock::Hold& hold, std::vector<Claimed> issues, std::chrono::milliseconds delay);

// The stored judgement (JSON) of an issue at a revision by a version; and storing one, before it is used. Storing
// keeps an earlier judgement, unless it is to be replaced.
Task<std::optional<std::string>> find_decision(Store& store, std::int64_t issue, std::string revision, std::string version);
Task<> save_decision(Store& store, lock::Hold& hold, std::int64_t issue, std::string revision, std::string version, std::string judgement,
                     bool replace);

struct Step {
    int seq = 0;
    std::string op;                  // label.add | label.remove | section.set | title.set | comment.set | issue.close | issue.reopen
    std::string label;               // or the name of the text, or the reason for closing
    std::string status = "planned";  // begun (a text); a WriteOutcome's name; lost: left by a holder that died, and not found
    std::string detail;
    std::string text = {};
};
// Stores the steps of an application before its first effect. Those stored under this key by an earlier attempt stay: the
// steps given are what the live issue still lacks, so they come after them. Returns them with their numbers.
Task<std::vector<Step>> begin_steps(Store& store, lock::Hold& hold, std::int64_t issue, std::string key, std::vector<Step> steps);

// Stores how a step stands, at once and with the time: begun, just before an effect that must be known of whatever happens, or its result.
Task<> mark_step(Store& store, lock::Hold& hold, std::string key, Step step);

// What became of an issue: written once, at the end, with its run and its next due time; ends its lease.
struct Record {
    std::int64_t issue = 0;
    std::string mode, revision, outcome, reason;
    std::string judgement = "{}";  // JSON
    std::vector<std::string> added, removed, labels_before, labels_after, own_labels;
    std::string application;  // key of the steps; may be empty
    std::vector<Step> steps;  // with their results
    std::chrono::milliseconds duration{0};
    std::optional<std::chrono::milliseconds> due_in;  // none: not before something changes
    std::optional<std::int64_t> claimed_due;          // Claimed::due; an issue that was made due since then stays due
    int failures = 0;
    std::string pod;
    bool unread = false;                       // nothing new is known of it: what is stored of its labels stays
    bool keep_schedule = false;                // a trial: the run is stored, the issue stays as due as it was
    std::optional<std::string> undone;         // as in Claimed
    std::vector<std::int64_t> undoes;          // runs that this one has taken back
    std::optional<bool> open;                  // where this run has closed or reopened it
    std::optional<std::string> title;          // where this run has set it
    std::vector<std::string> overridden = {};  // families in which a person had changed a label of ours
};
// Returns the run's id.
Task<std::int64_t> record(Store& store, lock::Hold& hold, Record record);

}  // namespace groomer::store
