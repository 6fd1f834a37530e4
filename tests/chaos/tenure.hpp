// Who had a lock when, as the audit of sync_lock tells it: one tenure a token and timeline.
#pragma once

#include "chaos/history.hpp"
#include "lock/token.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace groomer::chaos {

struct Violation {
    std::string rule;
    Moment at;
    std::string sentence;
};
using Accuse = std::function<void(std::string rule, Moment at, std::string sentence)>;

enum class Taken { free, expired, reclaimed, own, kept };  // kept: from the timeline before

struct Tenure {
    std::string lock, text;
    lock::Token token;
    std::string pod;
    std::size_t segment = 0;
    Moment from;
    std::optional<Moment> to;
    Taken how = Taken::free;
    bool released = false;
    bool deleted = false;  // by somebody else: its holder learns of it at its next look
    Moment last_stamp;
    std::optional<Moment> before;  // of one that was taken from another: that one's last stamp
    std::string before_text;
};

class Tenures {
public:
    // Accuses of two holders at once, terms that do not rise, and changes by others than the holder.
    Tenures(History const& history, Accuse const& accuse);

    [[nodiscard]] std::vector<Tenure> const& all() const { return all_; }
    // Of this token on this timeline; null where there is none.
    [[nodiscard]] Tenure const* find(std::size_t segment, std::string const& token) const;
    // When nobody could hold this term any more: the end of its last tenure; nothing where it has none. Null: no such term.
    struct Span {
        Moment from;
        std::optional<Moment> to;
        std::string pod;
        bool deleted = false;
    };
    [[nodiscard]] Span const* of_term(std::string const& lock, std::int64_t term) const;

private:
    class Builder;
    std::vector<Tenure> all_;
    std::map<std::pair<std::size_t, std::string>, std::size_t> by_token_;
    std::map<std::pair<std::string, std::int64_t>, Span> by_term_;  // two locks may give out the same number
};

}  // namespace groomer::chaos
