#include "model/local/similar.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>

namespace groomer::model::local {
namespace {

// An issue is as good as its best words: more of them find no more duplicates (README.md), and cost memory and time.
constexpr std::size_t most_words = 64;
// A word of more issues than these says little of any: those that it says most of keep it.
constexpr std::size_t most_postings = 4'096;
// How rare a word is, these tell as well as all do (README.md); evenly chosen.
constexpr std::size_t most_counted = 8'192;
// Of known duplicates 79 % were open when the newer one came, of all older issues 34 %; and three of four were closed in favour of the
// older one. Factors of a score, found by measuring (README.md).
constexpr double closed_factor = 0.7, newer_factor = 0.8;

// How rare words are, by the number of issues that have them. Counted in buckets, so that memory is bounded whatever is pasted into
// issues: rare words may share one, and seem a little less rare. Small ones: where a word is looked up no cache has been before.
class Frequencies {
public:
    using Count = std::uint16_t;
    static_assert(most_counted <= std::numeric_limits<Count>::max());

    explicit Frequencies(std::size_t issues) {
        auto const bits = std::clamp(static_cast<int>(std::bit_width(issues * 64)), 12, 20);
        shift_ = 32 - bits;
        counts_.resize(std::size_t{1} << bits);
        last_.resize(counts_.size());
        for (std::size_t count = 0; count <= issues; ++count) {
            double const ratio = static_cast<double>(1 + issues) / static_cast<double>(1 + count);
            rarity_.push_back(static_cast<float>(1 + std::log(ratio)));
        }
    }

    // The words of the next issue: each counts once, however often it stands there.
    void add(Words const& words) {
        ++added_;
        for (auto const& word : words) {
            auto const bucket = word.key >> shift_;
            if (last_[bucket] != added_) ++counts_[bucket];
            last_[bucket] = added_;
        }
    }

    [[nodiscard]] float rarity(std::uint32_t key) const { return rarity_[counts_[key >> shift_]]; }

private:
    int shift_ = 0;
    Count added_ = 0;
    std::vector<Count> counts_, last_;  // last: the issue that was counted last, from 1 on
    std::vector<float> rarity_;         // of a word of so many issues
};

// Turns counts into weights; keeps the heaviest words, as a vector of length 1, by key. `rarity` is 0 for words to be left out.
template <typename Rarity>
Words weigh(Words words, Rarity rarity) {
    for (auto& word : words) word.count = (1 + std::log(word.count)) * rarity(word.key);
    std::erase_if(words, [](Word const& word) { return word.count <= 0; });
    if (words.size() > most_words) {
        auto const heavier = [](Word const& a, Word const& b) { return a.count != b.count ? a.count > b.count : a.key < b.key; };
        std::nth_element(words.begin(), words.begin() + most_words, words.end(), heavier);
        words.resize(most_words);
        std::sort(words.begin(), words.end(), [](Word const& a, Word const& b) { return a.key < b.key; });
    }
    double square = 0;
    for (auto const& word : words) square += static_cast<double>(word.count) * static_cast<double>(word.count);
    auto const length = static_cast<float>(std::sqrt(square));
    for (auto& word : words) word.count /= length;
    return words;
}

}  // namespace

Similar Similar::build(std::vector<Document> const& documents) {
    std::vector<Document const*> sorted;
    for (auto const& document : documents) sorted.push_back(&document);
    std::stable_sort(sorted.begin(), sorted.end(), [](auto const* a, auto const* b) { return a->number < b->number; });
    sorted.erase(std::unique(sorted.begin(), sorted.end(), [](auto const* a, auto const* b) { return a->number == b->number; }),
                 sorted.end());

    Similar out;
    out.boilerplate_ = Boilerplate(
        sorted.size(), [&](std::size_t i) { return sorted[i]->title; }, [&](std::size_t i) { return sorted[i]->body; });
    // Words are read twice rather than kept: what is kept then is bounded by the number of issues alone.
    auto const counted = std::min(sorted.size(), most_counted);
    Frequencies frequencies(counted);
    for (std::size_t i = 0; i < counted; ++i) {
        auto const& document = *sorted[i * sorted.size() / counted];
        frequencies.add(read_words(document.title, document.body, out.boilerplate_));
    }
    std::vector<Entry> entries;
    entries.reserve(sorted.size() * most_words);
    for (auto const* document : sorted) {
        auto const issue = static_cast<std::uint32_t>(out.issues_.size());
        auto const rarity = [&](std::uint32_t key) { return frequencies.rarity(key); };
        for (auto const& word : weigh(count_words(document->title, document->body, out.boilerplate_), rarity))
            entries.push_back({word.key, {issue, word.count}});
        out.issues_.push_back({document->number, document->open, document->labelled});
    }
    out.index(std::move(entries));
    for (auto const key : out.keys_) out.rarity_.push_back(frequencies.rarity(key));
    out.issues_.shrink_to_fit();
    out.rarity_.shrink_to_fit();
    return out;
}

void Similar::index(std::vector<Entry> entries) {
    std::sort(entries.begin(), entries.end(),
              [](Entry const& a, Entry const& b) { return a.key != b.key ? a.key < b.key : a.posting.issue < b.posting.issue; });
    postings_.reserve(entries.size());
    for (auto from = entries.begin(); from != entries.end();) {
        auto to = std::find_if(from, entries.end(), [&](Entry const& entry) { return entry.key != from->key; });
        keys_.push_back(from->key);
        starts_.push_back(static_cast<std::uint32_t>(postings_.size()));
        auto kept = to;
        if (to - from > static_cast<std::ptrdiff_t>(most_postings)) {
            kept = from + static_cast<std::ptrdiff_t>(most_postings);
            std::nth_element(from, kept, to, [](Entry const& a, Entry const& b) {
                return a.posting.weight != b.posting.weight ? a.posting.weight > b.posting.weight : a.posting.issue < b.posting.issue;
            });
        }
        for (auto at = from; at != kept; ++at) postings_.push_back(at->posting);
        from = to;
    }
    starts_.push_back(static_cast<std::uint32_t>(postings_.size()));
    keys_.shrink_to_fit();
    starts_.shrink_to_fit();
    postings_.shrink_to_fit();
}

std::vector<float> Similar::cosines(Document const& issue) const {
    auto const find = [&](std::uint32_t key) -> std::optional<std::size_t> {
        auto const at = std::lower_bound(keys_.begin(), keys_.end(), key);
        if (at == keys_.end() || *at != key) return {};
        return static_cast<std::size_t>(at - keys_.begin());
    };
    // Words that no other issue has would only take the places of those that can find one.
    auto const rarity = [&](std::uint32_t key) {
        auto const at = find(key);
        return at ? rarity_[*at] : 0;
    };
    std::vector<float> out(issues_.size());
    for (auto const& word : weigh(count_words(issue.title, issue.body, boilerplate_), rarity)) {
        auto const at = *find(word.key);
        for (auto i = starts_[at]; i < starts_[at + 1]; ++i) out[postings_[i].issue] += word.count * postings_[i].weight;
    }
    return out;
}

template <typename Rank>
std::vector<Match> Similar::best(Document const& issue, std::size_t most, Rank rank) const {
    auto const cosine = cosines(issue);
    std::vector<Match> out;
    for (std::size_t i = 0; i < issues_.size(); ++i) {
        if (cosine[i] <= 0 || issues_[i].number == issue.number) continue;
        double const factor = rank(issues_[i]);
        if (factor > 0) out.push_back({issues_[i].number, factor * std::min(1.0, static_cast<double>(cosine[i]))});
    }
    most = std::min(most, out.size());
    auto const end = out.begin() + static_cast<std::ptrdiff_t>(most);
    std::partial_sort(out.begin(), end, out.end(),
                      [](Match const& a, Match const& b) { return a.score != b.score ? a.score > b.score : a.number < b.number; });
    out.resize(most);
    return out;
}

std::vector<Match> Similar::duplicates(Document const& issue, std::size_t most) const {
    return best(issue, most,
                [&](Issue const& other) { return (other.open ? 1 : closed_factor) * (other.number < issue.number ? 1 : newer_factor); });
}

std::vector<Match> Similar::examples(Document const& issue, std::size_t most) const {
    return best(issue, most, [](Issue const& other) { return other.labelled ? 1.0 : 0.0; });
}

std::size_t Similar::bytes() const {
    auto const of = [](auto const& vector) { return vector.capacity() * sizeof(vector[0]); };
    return sizeof *this + boilerplate_.bytes() + of(issues_) + of(keys_) + of(rarity_) + of(starts_) + of(postings_);
}

}  // namespace groomer::model::local
