// The smallest change of labels that makes an issue say what was judged, and that undoes nobody: pure.
#pragma once

#include "config/config.hpp"
#include "model/judgement.hpp"
#include "tracker/tracker.hpp"

#include <optional>
#include <string>
#include <vector>

namespace groomer::groom {

struct FamilyPlan {
    std::string family;
    std::string outcome;  // set | kept | abstained | planned | escalated: what became of the decision
    std::string reason;
};

struct NamedText {
    std::string name;                       // tells our texts apart: lower-case letters and dashes
    std::string text;                       // Markdown
    std::vector<std::string> earlier = {};  // of a comment: what it may read as, of ours; none: not known (tracker.hpp)
};

struct Plan {
    std::vector<std::string> add, remove;  // single labels
    std::vector<std::string> after;        // the labels then, sorted
    std::vector<std::string> own_after;    // those of them that are groomer's
    std::vector<FamilyPlan> families;
    std::vector<std::string> overridden;  // families in which a person changed a label of ours
    bool status_decided = false;          // the issue carries a status then
    std::string target;                   // what labels are wanted, the same whatever is done already: part of the step key

    bool takes_back = false;  // what other runs did: an `undo`, whose steps are told apart by their key

    // As they are to be then, whatever is so already; plan() makes none.
    std::vector<NamedText> comments;  // remarks.hpp
    std::vector<NamedText> sections;  // of the issue's body: texts.hpp; an empty one goes
    std::optional<std::string> title;
    std::optional<tracker::CloseReason> close;  // remarks.hpp
    bool reopen = false;                        // undo.hpp

    [[nodiscard]] bool empty() const {
        return add.empty() && remove.empty() && sections.empty() && !title && comments.empty() && !close && !reopen;
    }
};

// own_labels: those that groomer set, as last recorded.
Plan plan(tracker::Issue const& issue, model::Judgement const& judgement, config::Policy const& policy,
          std::vector<std::string> const& own_labels);

}  // namespace groomer::groom
