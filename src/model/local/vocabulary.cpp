#include "model/local/vocabulary.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace groomer::model::local {
namespace {

// How much each kind has to say: title, body, code, field, shape. Found by cross-validation (README.md).
constexpr std::array<double, kind_count> kind_length{1.0, 1.4, 0.5, 0.8, 0.4};

constexpr std::size_t absent = static_cast<std::size_t>(-1);

std::size_t find(std::vector<Key> const& keys, Key key) {
    auto const at = std::lower_bound(keys.begin(), keys.end(), key);
    return at != keys.end() && *at == key ? static_cast<std::size_t>(at - keys.begin()) : absent;
}

using Counted = std::pair<Key, std::size_t>;

// Every feature with the number of texts that have it, by key.
std::vector<Counted> count_texts(std::span<const Vocabulary::Text> texts) {
    std::vector<Key> all;
    for (auto const& text : texts) {
        for (auto const& feature : text.features) all.push_back(feature.key);
    }
    std::sort(all.begin(), all.end());
    std::vector<Counted> counted;
    for (auto from = all.begin(); from != all.end();) {
        auto const to = std::upper_bound(from, all.end(), *from);
        counted.emplace_back(*from, static_cast<std::size_t>(to - from));
        from = to;
    }
    return counted;
}

bool has_several_repositories(std::span<const Vocabulary::Text> texts) {
    return std::any_of(texts.begin(), texts.end(), [&](auto const& text) { return text.repo != texts.front().repo; });
}

}  // namespace

Vocabulary::Vocabulary(std::span<const Text> texts, std::size_t limit) {
    auto counted = count_texts(texts);
    std::erase_if(counted, [](Counted const& entry) { return entry.second < 2; });
    if (counted.size() > limit) {
        std::sort(counted.begin(), counted.end(),
                  [](Counted const& a, Counted const& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
        counted.resize(limit);
        std::sort(counted.begin(), counted.end());
    }
    for (auto const& [key, count] : counted) {
        keys_.push_back(key);
        double const rarity = static_cast<double>(1 + texts.size()) / static_cast<double>(1 + count);
        // Shape is the same few facts of every text: none is worth more for being rare.
        bool const is_shape = kind_index(key) == static_cast<std::size_t>(Kind::shape);
        idf_.push_back(is_shape ? 1.0F : static_cast<float>(1 + std::log(rarity)));
    }
    if (!has_several_repositories(texts)) return;
    for (auto const& text : texts) {
        for (auto const& feature : text.features) {
            if (find(keys_, feature.key) != absent) copies_.push_back(copy_of(feature.key, text.repo));
        }
    }
    std::sort(copies_.begin(), copies_.end());
    copies_.erase(std::unique(copies_.begin(), copies_.end()), copies_.end());
    copies_.shrink_to_fit();
}

std::size_t Vocabulary::find_copy(Key key, std::string_view repo) const {
    auto const at = copies_.empty() ? absent : find(copies_, copy_of(key, repo));
    return at == absent ? absent : first_copy() + at;
}

std::vector<std::size_t> Vocabulary::columns_of(Key key, std::string_view repo) const {
    std::vector<std::size_t> out;
    auto const at = find(keys_, key);
    if (at == absent) return out;
    out.push_back(at);
    if (auto const copy = find_copy(key, repo); copy != absent) out.push_back(copy);
    return out;
}

std::vector<Term> Vocabulary::weigh(Features const& features, std::string_view repo) const {
    std::vector<Term> terms;
    std::vector<Key> keys;
    std::array<double, kind_count> squares{};
    for (auto const& feature : features) {
        auto const at = find(keys_, feature.key);
        if (at == absent) continue;
        float const value = feature.value * idf_[at];
        squares.at(kind_index(feature.key)) += static_cast<double>(value) * static_cast<double>(value);
        terms.push_back({static_cast<std::uint32_t>(at), value});
        keys.push_back(feature.key);
    }
    for (std::size_t i = 0, general = terms.size(); i < general; ++i) {
        auto const kind = kind_index(keys[i]);
        terms[i].value *= static_cast<float>(kind_length.at(kind) / std::sqrt(squares.at(kind)));
        auto const copy = find_copy(keys[i], repo);
        if (copy != absent) terms.push_back({static_cast<std::uint32_t>(copy), terms[i].value});
    }
    return terms;
}

void Vocabulary::keep_copies(std::span<const std::size_t> columns) {
    std::vector<Key> kept;
    for (auto const column : columns) kept.push_back(copies_[column - first_copy()]);
    copies_ = std::move(kept);
}

}  // namespace groomer::model::local
