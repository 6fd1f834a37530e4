// What groomer has done to the labels of an export's issues, as its log tells it line by line. Pure: no files.
#pragma once

#include "tracker/tracker.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace groomer::tracker::file {

struct LabelChange {
    std::string label;
    bool added = true;
    bool from_export = false;  // the export itself carried the label, not just our own effect: told in the log of removals
};

// The log's form of one effect, with its newline.
std::string effect_line(IssueRef const& ref, LabelChange const& change, std::int64_t term, std::string_view at);

class Effects {
public:
    // A line without its newline; one that is no effect is counted and has no other consequence.
    void apply(std::string_view line);
    // The same for a line too long to be one of ours.
    void count_bad_line() { ++bad_lines_; }

    // In the order they happened.
    [[nodiscard]] std::vector<LabelChange> of(IssueRef const& ref) const;
    // The last effect on this label; nothing if there is none.
    [[nodiscard]] std::optional<LabelChange> last(IssueRef const& ref, std::string_view label) const;
    [[nodiscard]] std::int64_t newest_term() const { return newest_term_; }
    [[nodiscard]] std::size_t bad_lines() const { return bad_lines_; }

private:
    static constexpr std::uint32_t none = UINT32_MAX;
    struct Key {
        std::uint32_t repo;
        std::int64_t number;
        friend bool operator==(Key const&, Key const&) = default;
    };
    struct KeyHash {
        std::size_t operator()(Key const& key) const noexcept;
    };
    // One chain an issue, newest first: small, since a million issues may have several effects each.
    struct Node {
        std::uint32_t label;
        std::uint32_t before;
        bool added;
        bool from_export;
    };
    class Names {
    public:
        std::uint32_t intern(std::string_view name);
        [[nodiscard]] std::uint32_t find(std::string_view name) const;
        [[nodiscard]] std::string const& operator[](std::uint32_t id) const { return *names_[id]; }

    private:
        std::unordered_map<std::string, std::uint32_t> ids_;
        std::vector<std::string const*> names_;  // into ids_, whose nodes stay where they are
    };

    [[nodiscard]] LabelChange change_at(std::uint32_t node) const;
    [[nodiscard]] std::uint32_t newest(IssueRef const& ref) const;

    Names repos_;
    Names labels_;
    std::vector<Node> nodes_;
    std::unordered_map<Key, std::uint32_t, KeyHash> newest_;
    std::int64_t newest_term_ = 0;
    std::size_t bad_lines_ = 0;
};

// Does the issue carry the label? What people do, they do in the export: a label there is theirs, and no effect on one of
// our own takes it away, whichever came first.
bool carries(bool in_export, std::optional<LabelChange> const& last);

// An issue's labels after the effects: those of the export that stay, then those that we added.
std::vector<std::string> merge(std::vector<std::string> labels, std::vector<LabelChange> const& changes);

}  // namespace groomer::tracker::file
