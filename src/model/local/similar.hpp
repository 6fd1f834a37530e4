// The issues of one repository that say the same as another, by TF-IDF: likely duplicates, and labelled ones to learn from.
// Immutable once built: any number of threads may search it. It keeps no text.
#pragma once

#include "model/local/wording.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace groomer::model::local {

struct Match {
    std::int64_t number = 0;
    double score = 0;  // 0..1: the cosine; of duplicates less what is taken off for a newer or a closed issue
};

class Similar {
public:
    struct Document {
        std::int64_t number = 0;
        std::string_view title, body;
        bool open = true, labelled = false;
    };

    Similar() = default;  // finds nothing
    // The same documents in any order give the same matches. Of two with the same number the first is taken.
    static Similar build(std::vector<Document> const& documents);

    // At most `most`, best first, never `number` itself nor what has no word in common with it. The issue need not be one that
    // was built from.
    [[nodiscard]] std::vector<Match> duplicates(Document const& issue, std::size_t most) const;
    [[nodiscard]] std::vector<Match> examples(Document const& issue, std::size_t most) const;  // labelled ones only

    [[nodiscard]] std::size_t size() const { return issues_.size(); }
    [[nodiscard]] std::size_t bytes() const;

private:
    struct Issue {
        std::int64_t number;
        bool open, labelled;
    };
    struct Posting {
        std::uint32_t issue;
        float weight;
    };
    struct Entry {
        std::uint32_t key;
        Posting posting;
    };

    void index(std::vector<Entry> entries);
    [[nodiscard]] std::vector<float> cosines(Document const& issue) const;  // beside issues_
    template <typename Rank>
    [[nodiscard]] std::vector<Match> best(Document const& issue, std::size_t most, Rank rank) const;

    std::vector<Issue> issues_;  // by number
    Boilerplate boilerplate_;
    std::vector<std::uint32_t> keys_;    // of words, ascending
    std::vector<float> rarity_;          // IDF, beside keys_
    std::vector<std::uint32_t> starts_;  // a word's first posting, beside keys_; and their number
    std::vector<Posting> postings_;
};

}  // namespace groomer::model::local
