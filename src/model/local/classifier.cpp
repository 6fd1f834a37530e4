#include "model/local/classifier.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace groomer::model::local {
namespace {

constexpr std::size_t fold_count = 5;
// Bounds a trained model: half for general columns, half for the copies of repositories.
constexpr std::size_t memory_limit = 7 * 1024 * 1024;

std::size_t most_rows(std::size_t labels) { return memory_limit / (2 * sizeof(Key) + labels * sizeof(float)); }

auto text_of(Example const& example) { return std::tie(example.text.repo, example.text.title, example.text.body); }

void sort_and_deduplicate(std::vector<Example>& examples) {
    auto const everything = [](Example const& e) { return std::tuple_cat(text_of(e), std::tie(e.label)); };
    std::sort(examples.begin(), examples.end(), [&](Example const& a, Example const& b) { return everything(a) < everything(b); });
    auto const same = [&](Example const& a, Example const& b) { return everything(a) == everything(b); };
    examples.erase(std::unique(examples.begin(), examples.end(), same), examples.end());
}

std::vector<std::string> frequent_labels(std::vector<Example> const& examples, std::size_t min_per_class) {
    std::map<std::string, std::size_t> counts;
    for (auto const& example : examples) ++counts[example.label];
    std::vector<std::string> labels;
    for (auto const& [label, count] : counts) {
        if (count >= std::max<std::size_t>(min_per_class, 2)) labels.push_back(label);
    }
    return labels;
}

std::size_t index_in(std::vector<std::string> const& sorted, std::string_view value) {
    auto const at = std::lower_bound(sorted.begin(), sorted.end(), value);
    return at != sorted.end() && *at == value ? static_cast<std::size_t>(at - sorted.begin()) : sorted.size();
}

// Spreads every (repository, label) evenly over the folds. One text with two labels is in one fold: a text seen in
// training is not held out.
std::vector<std::size_t> assign_folds(std::vector<Example> const& sorted) {
    std::map<std::pair<std::string, std::string>, std::size_t> next;
    std::vector<std::size_t> folds;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        bool const repeated = i > 0 && text_of(sorted[i]) == text_of(sorted[i - 1]);
        folds.push_back(repeated ? folds.back() : next[{sorted[i].text.repo, sorted[i].label}]++ % fold_count);
    }
    return folds;
}

// The examples as numbers; a class beyond the labels is that of the labels too rare to predict.
struct Problem {
    Matrix matrix;
    std::vector<std::size_t> classes, folds;
    std::size_t labels = 0, columns = 0;
};

using Weights = std::vector<std::vector<double>>;  // by label, by column

// One against the rest.
Weights solve_all(Problem const& problem, std::span<const std::size_t> use) {
    Weights weights;
    for (std::size_t label = 0; label < problem.labels; ++label) {
        std::vector<bool> positive(problem.classes.size());
        for (auto const row : use) positive[row] = problem.classes[row] == label;
        weights.push_back(solve(problem.matrix, use, positive, problem.columns));
    }
    return weights;
}

// The best label, and how far it is ahead of the next.
Decision best_of(std::vector<double> const& scores, std::size_t repo) {
    auto const best = std::max_element(scores.begin(), scores.end());
    double next = -std::numeric_limits<double>::infinity();
    for (auto at = scores.begin(); at != scores.end(); ++at) {
        if (at != best) next = std::max(next, *at);
    }
    return {static_cast<std::size_t>(best - scores.begin()), repo, *best, *best - next};
}

std::vector<HeldOut> cross_validate(Problem const& problem, std::vector<std::size_t> const& repos) {
    std::vector<HeldOut> out;
    for (std::size_t fold = 0; fold < fold_count; ++fold) {
        std::vector<std::size_t> use;
        for (std::size_t i = 0; i < problem.folds.size(); ++i) {
            if (problem.folds[i] != fold) use.push_back(i);
        }
        const Weights weights = solve_all(problem, use);
        for (std::size_t i = 0; i < problem.folds.size(); ++i) {
            if (problem.folds[i] != fold) continue;
            std::vector<double> scores;
            for (auto const& w : weights) scores.push_back(dot(problem.matrix.row(i), w));
            const Decision decision = best_of(scores, repos[i]);
            out.push_back({decision, decision.label == problem.classes[i], fold});
        }
    }
    return out;
}

std::vector<std::size_t> all_of(std::size_t count) {
    std::vector<std::size_t> out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = i;
    return out;
}

Problem make_problem(std::vector<Example> const& examples, std::vector<std::string> const& labels, Vocabulary& vocabulary) {
    std::vector<Vocabulary::Text> texts;
    for (auto const& example : examples) texts.push_back({count_features(example.text), example.text.repo});
    vocabulary = Vocabulary(texts, most_rows(labels.size()) / 2);
    Problem problem;
    for (auto const& text : texts) problem.matrix.add(vocabulary.weigh(text.features, text.repo));
    for (auto const& example : examples) problem.classes.push_back(index_in(labels, example.label));
    problem.folds = assign_folds(examples);
    problem.labels = labels.size();
    problem.columns = vocabulary.columns();
    return problem;
}

// A token as people may read it; empty: not worth naming (lengths, pieces of words, words that say little to people).
std::string readable(Kind kind, std::string_view token) {
    if (kind == Kind::shape || token.size() < 3) return {};
    if (kind == Kind::field) return "form field \"" + std::string(token) + '"';
    bool const is_piece = token.front() == letters_mark || token.front() == first_mark || token.back() == last_mark;
    return is_piece ? std::string() : '"' + std::string(token) + '"';
}

}  // namespace

Classifier Classifier::train(std::vector<Example> examples, Options options) {
    Classifier out;
    sort_and_deduplicate(examples);
    out.examples_ = examples.size();
    auto labels = frequent_labels(examples, options.min_per_class);
    if (labels.size() < 2) return out;
    out.labels_ = std::move(labels);
    for (auto const& example : examples) {  // sorted by repository
        if (out.repos_.empty() || out.repos_.back() != example.text.repo) out.repos_.push_back(example.text.repo);
    }
    const Problem problem = make_problem(examples, out.labels_, out.vocabulary_);
    std::vector<std::size_t> repos;
    for (auto const& example : examples) repos.push_back(index_in(out.repos_, example.text.repo));
    out.calibration_ = Calibration(cross_validate(problem, repos), out.labels_.size(), out.repos_.size(), options.min_precision);
    out.store(solve_all(problem, all_of(examples.size())));
    return out;
}

// Keeps every general column and the strongest copies that memory_limit has room for.
void Classifier::store(Weights const& weights) {
    const std::size_t general = vocabulary_.first_copy();
    std::vector<std::pair<double, std::size_t>> copies;  // weakness, column
    for (std::size_t column = general; column < vocabulary_.columns(); ++column) {
        double strength = 0;
        for (auto const& w : weights) strength = std::max(strength, std::fabs(w[column]));
        if (strength > 0) copies.emplace_back(-strength, column);
    }
    std::sort(copies.begin(), copies.end());
    copies.resize(std::min(copies.size(), most_rows(weights.size()) - general));
    std::vector<std::size_t> kept;
    for (auto const& [weakness, column] : copies) kept.push_back(column);
    std::sort(kept.begin(), kept.end());
    vocabulary_.keep_copies(kept);
    auto columns = all_of(general);
    columns.insert(columns.end(), kept.begin(), kept.end());
    weights_.reserve(columns.size() * weights.size());
    for (auto const column : columns) {
        for (auto const& w : weights) weights_.push_back(static_cast<float>(w[column]));
    }
}

std::vector<double> Classifier::score(std::vector<Term> const& terms) const {
    std::vector<double> scores(labels_.size(), 0.0);
    for (auto const& term : terms) {
        for (std::size_t label = 0; label < scores.size(); ++label) {
            scores[label] += static_cast<double>(term.value) * static_cast<double>(weights_[term.column * scores.size() + label]);
        }
    }
    return scores;
}

Prediction Classifier::predict(Document const& document) const {
    if (!usable()) return {{}, 0, false, "too few labelled issues to learn from"};
    auto const terms = vocabulary_.weigh(count_features(document), document.repo);
    const Decision decision = best_of(score(terms), index_in(repos_, document.repo));
    double const confidence = calibration_.confidence(decision);
    return {labels_[decision.label], confidence, confidence >= cut_off(), explain(document, terms, decision.label)};
}

// Names the tokens that spoke most for the label, compared with the mean of all labels.
std::string Classifier::explain(Document const& document, std::vector<Term> const& terms, std::size_t label) const {
    std::unordered_map<std::size_t, double> speaks;  // by column
    for (auto const& term : terms) {
        float const* row = &weights_[term.column * labels_.size()];
        double mean = 0;
        for (std::size_t i = 0; i < labels_.size(); ++i) mean += static_cast<double>(row[i]) / static_cast<double>(labels_.size());
        speaks[term.column] = static_cast<double>(term.value) * (static_cast<double>(row[label]) - mean);
    }
    constexpr std::size_t named = 3;
    std::set<std::pair<double, std::string>> strongest;  // weakness, name
    read_tokens(document, [&](Kind kind, std::string_view token) {
        double weakness = 0;
        for (const auto column : vocabulary_.columns_of(key_of(kind, token), document.repo)) weakness -= speaks[column];
        if (weakness >= 0 || (strongest.size() == named && weakness > strongest.rbegin()->first)) return;
        auto name = readable(kind, token);
        // The same word in title and body is named once, at its stronger place.
        const auto same = std::find_if(strongest.begin(), strongest.end(), [&](const auto& entry) { return entry.second == name; });
        if (name.empty() || (same != strongest.end() && same->first <= weakness)) return;
        if (same != strongest.end()) strongest.erase(same);
        strongest.emplace(weakness, std::move(name));
        if (strongest.size() > named) strongest.erase(std::prev(strongest.end()));
    });
    std::string out;
    for (auto const& [weakness, name] : strongest) out += (out.empty() ? "" : ", ") + name;
    return out.empty() ? "no single word stands out" : "speaks for it: " + clean_text(out);
}

}  // namespace groomer::model::local
