// What groomer needs of an issue tracker, and nothing more. One Tracker serves one configured entry (a GitHub
// repository, or an export file that may hold many repositories). Implementations pass tests/conformance/tracker_suite.
//
// Expected outcomes are values. An exception (groomer::Error) means that the tracker as a whole could not be reached or
// read (a missing file, no network), or LimitReached. Every call runs on the caller's executor and may be cancelled between its steps.
#pragma once

#include "base/async.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace groomer::tracker {

// The tracker, or our own pace, lets nothing go before `until`. No issue's fault, and nothing was done.
class LimitReached : public Error {
public:
    LimitReached(WallTime until, std::string const& sentence) : Error{ErrorCode::failure, sentence}, until_{until} {}
    [[nodiscard]] WallTime until() const { return until_; }

private:
    WallTime until_;
};

// This issue alone cannot be read, now or later; the others can.
class IssueUnreadable : public Error {
public:
    explicit IssueUnreadable(std::string const& sentence) : Error{ErrorCode::failure, sentence} {}
};

struct IssueRef {
    std::string repo;  // "owner/name"
    std::int64_t number = 0;
    friend bool operator==(IssueRef const&, IssueRef const&) = default;
};
// "owner/name#7", the form of the command line and of logs.
std::string to_string(IssueRef const& ref);
std::optional<IssueRef> parse_issue_ref(std::string_view text);

enum class Actor { person, bot, self };  // self: groomer's own account or effects

struct LabelEvent {  // oldest first
    std::string label;
    bool added = true;
    Actor actor = Actor::person;
};

struct Comment {
    std::string author;
    Actor actor = Actor::person;
    std::string body;
    std::string name = {};  // of one of ours: what set_comment() called it
};

struct Rename {  // of an issue's title; oldest first
    std::string from, to;
    Actor actor = Actor::person;
};

struct Section {  // a part of the body that is ours, as set_section() made it
    std::string name, text;
};

struct MergedPull {  // a merged pull request of the same repository that says it closes the issue
    std::int64_t number = 0;
    std::string title;
};

// An issue as the tracker has it now. All text is valid UTF-8 without control characters (base/text.hpp clean_text).
struct Issue {
    IssueRef ref;
    std::string title;
    std::string body;  // without sections of ours
    bool open = true;
    bool locked = false;    // its reporter cannot answer
    bool assigned = false;  // to somebody, or to a milestone
    std::string author;
    bool author_is_bot = false;
    std::vector<std::string> labels;  // each once, in the tracker's order
    std::vector<std::string> own;     // those of them that groomer set, where changes() can tell (Page::tells_own)
    std::string created_at;           // RFC 3339, "" if unknown
    std::string updated_at;
    std::vector<LabelEvent> events;  // filled by read() alone; a label without an event was set by a person
    std::vector<Comment> comments;   // filled by read() alone
    std::vector<Section> sections = {};
    // Filled by read() alone, where the tracker has such:
    std::vector<Rename> renames = {};
    std::vector<MergedPull> merged = {};  // each once
    bool was_reopened = false;            // at any time, by anybody
    bool history_cut = false;             // it is too long to be read whole: a part in the middle is unknown
    std::optional<Actor> closed_by = {};  // whoever closed it last
};

// One page of what changed since a cursor. A full pass (since an empty or outdated cursor) names every issue there is:
// after its last page, issues that it did not name are gone.
struct Page {
    std::vector<Issue> issues;
    std::size_t skipped = 0;      // entries that could not be used (no number, no title, too large, …)
    std::string skipped_example;  // the first of them: where and why, one line
    bool tells_own = true;        // else `own` is empty, and whose a label is remains what it was known to be
    std::string cursor;           // hand it back for the next page, or for the next sync after the last
    bool first_of_full_pass = false;
    bool full_pass = false;  // this page is part of a full pass
    bool last = true;
};

enum class WriteOutcome {
    done,      // it took effect now
    already,   // it was so before: nothing was written
    fenced,    // refused by the tracker: it has seen a later term
    withheld,  // the guard said no: nothing was written, and later it may be
    gone,      // the issue is not there any more
    failed,    // it did not take effect; `detail` says why, `retry_after` when to try again
    unknown,   // its answer was lost, and a limit lets nobody find out before `retry_after`: no fault of the issue's
};

struct WriteResult {
    WriteOutcome outcome = WriteOutcome::done;
    std::string detail;
    std::chrono::milliseconds retry_after{0};
};

// The right to write: the fencing term, and the last look at the local deadline, called from any thread just before the
// effect. An implementation calls may_act() as late as it can, and writes nothing where it says no.
struct WriteGuard {
    std::int64_t term = 0;
    std::function<bool()> may_act;
    // Waits until may_act() says yes, for as long as it still may; false: it never will. For an implementation that has itself waited,
    // for its turn or its pace. Outlived by the caller; may be empty.
    std::function<Task<bool>()> ready = {};
    // Is the issue still as people left it when the write was decided on? Asked of a title, a section, closing and opening after all
    // waiting, since those write over what people wrote meanwhile; false: `withheld`. May throw LimitReached. May be empty.
    std::function<Task<bool>()> still_same = {};
};
// What ready() says, or else may_act().
Task<bool> may_begin(WriteGuard const& guard);

enum class CloseReason { completed, not_planned };

// What is wrong with a repository, or with our way to it: one sentence each, with what to do.
struct Findings {
    std::vector<std::string> refusals;   // the credentials are not enough
    std::vector<std::string> obstacles;  // nobody's credentials would be
    std::vector<std::string> remarks;    // it works all the same
};

class Tracker {
public:
    virtual ~Tracker() = default;

    // How long a cut request may still take effect there. 0: never (a later term is refused by the tracker itself).
    [[nodiscard]] virtual std::chrono::milliseconds settle() const = 0;

    // What would keep us from reading or, where `writes`, from writing, as far as a few requests can tell. Nothing where reading all
    // is the way to find out.
    virtual Task<std::optional<Findings>> examine(bool writes);

    // At most `limit` issues that changed since `cursor` ("" at first).
    virtual Task<Page> changes(std::string cursor, std::size_t limit) = 0;

    // The issue now, with label events and comments; nothing if it is gone.
    virtual Task<std::optional<Issue>> read(IssueRef ref) = 0;
    // The same, whatever is remembered of an earlier look: before what cannot be called back.
    virtual Task<std::optional<Issue>> read_anew(IssueRef ref) { return read(std::move(ref)); }

    // Single labels only: the whole set is never replaced. Those to be added, each named once, are added in one effect where the
    // tracker can, and each has its result, in their order.
    virtual Task<std::vector<WriteResult>> add_labels(IssueRef ref, std::vector<std::string> labels, WriteGuard guard) = 0;
    virtual Task<WriteResult> remove_label(IssueRef ref, std::string label, WriteGuard guard) = 0;

    // What not every tracker can: `failed` where it cannot. name: of lower-case letters and dashes, tells our texts apart.

    // The one comment of ours that goes by this name: made once, and edited where it reads otherwise. Markdown. earlier: texts of ours that
    // it may have; where it has another, a person wrote that, and it stays: `failed`. Empty: none is known, and it is taken for ours.
    virtual Task<WriteResult> set_comment(IssueRef ref, std::string name, std::string text, std::vector<std::string> earlier,
                                          WriteGuard guard);
    // The part of the issue's body that goes by this name, set apart by marks that do not show; the rest is left as it is. An empty text
    // takes it out.
    virtual Task<WriteResult> set_section(IssueRef ref, std::string name, std::string text, WriteGuard guard);
    virtual Task<WriteResult> set_title(IssueRef ref, std::string title, WriteGuard guard);
    virtual Task<WriteResult> close(IssueRef ref, CloseReason reason, WriteGuard guard);
    virtual Task<WriteResult> reopen(IssueRef ref, WriteGuard guard);

    // Those of the labels given that the repository does not have. A tracker without a list of its own lacks none.
    virtual Task<std::vector<std::string>> lacking(std::vector<std::string> labels);
    virtual Task<WriteResult> create_label(std::string label, std::string description, WriteGuard guard);

    // Called when nothing is due any more: a tracker that keeps a derived copy brings it up to date. Idempotent. `detail` of
    // one that is done is something for people to know.
    virtual Task<WriteResult> finish_pass(WriteGuard guard) = 0;
};

}  // namespace groomer::tracker
