// What `groomer undo` asks for: which runs are to be taken back, and what they did.
#pragma once

#include "store/work.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace groomer::store {

// One of these.
struct UndoSelection {
    std::optional<std::int64_t> run;
    std::optional<tracker::IssueRef> issue;         // all that was done to it
    std::optional<std::string> since;               // what was done at this time or later; RFC 3339 in UTC
    std::optional<std::chrono::milliseconds> last;  // … or so long ago at most, by the database's clock
};

struct UndoOptions {
    UndoSelection selection;
    std::vector<std::string> sources;  // of which issues are taken
    std::chrono::milliseconds lease{0};
    std::int64_t limit = 5000;
};

// The issues to which the selected runs did something that was not taken back yet, with all their acts. Also closed ones. An act
// belongs to the first run that was recorded after it: so do those of a holder that died before it recorded its own.
Task<Claim> claim_to_undo(Store& store, lock::Hold& hold, UndoOptions options);

// Before the first effect: the issue, at this revision, is not to be groomed again, whatever a sync then sees of an undo that is cut
// short. Not due any more, unless something made it so since it was claimed.
Task<> begin_undo(Store& store, lock::Hold& hold, Claimed const& issue, std::string revision);

struct RunAbout {
    std::string mode, outcome;
    std::optional<std::int64_t> undone_by;
};
// Nothing where there is no such run, or no more.
Task<std::optional<RunAbout>> about_run(Store& store, std::int64_t run);

}  // namespace groomer::store
