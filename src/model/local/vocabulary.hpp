// The features that the training texts share, what each is worth, and the column each has in the linear model.
#pragma once

#include "model/local/features.hpp"
#include "model/local/linear.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace groomer::model::local {

class Vocabulary {
public:
    struct Text {
        Features features;
        std::string_view repo;
    };

    Vocabulary() = default;
    // Keeps the features of two texts or more, the `limit` most frequent of them. With more than one repository every
    // feature exists twice, once for all and once for its repository (Daumé, "Frustratingly easy domain adaptation",
    // 2007): what they share is learned together, where they contradict each other each learns its own.
    Vocabulary(std::span<const Text> texts, std::size_t limit);

    // TF-IDF; each kind of feature is scaled to a length of its own, so that a long body does not drown the title.
    [[nodiscard]] std::vector<Term> weigh(Features const& features, std::string_view repo) const;

    [[nodiscard]] std::size_t columns() const { return keys_.size() + copies_.size(); }
    // Columns from here on are copies for one repository.
    [[nodiscard]] std::size_t first_copy() const { return keys_.size(); }
    // The columns of a token, general and copy; those that exist.
    [[nodiscard]] std::vector<std::size_t> columns_of(Key key, std::string_view repo) const;
    // Keeps only these copies (ascending columns): they move together, in order.
    void keep_copies(std::span<const std::size_t> columns);

private:
    [[nodiscard]] std::size_t find_copy(Key key, std::string_view repo) const;

    std::vector<Key> keys_;    // ascending
    std::vector<float> idf_;   // beside keys_
    std::vector<Key> copies_;  // ascending
};

}  // namespace groomer::model::local
