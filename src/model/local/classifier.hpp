// The built-in model of one label family: learns from issues that people labelled, says what it would label another
// and whether it is sure enough to. Immutable after training: any number of threads may ask it.
#pragma once

#include "model/local/calibration.hpp"
#include "model/local/features.hpp"
#include "model/local/vocabulary.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::model::local {

struct Example {
    Document text;
    std::string label;  // one of the family's values, set by a person
};

struct Options {
    double min_precision = 0.9;
    std::size_t min_per_class = 20;
};

struct Prediction {
    std::string label;      // empty: the model is not usable
    double confidence = 0;  // the share of held-out decisions like this one that was right
    bool certain = false;   // confidence >= cut_off()
    std::string reason;     // for people, one line of clean text
};

class Classifier {
public:
    Classifier() = default;  // not usable
    // The same examples in any order give the same model. The same text with the same label counts once; a label with
    // fewer than min_per_class different texts is never predicted, its texts only tell what is none of the others.
    static Classifier train(std::vector<Example> examples, Options options);

    [[nodiscard]] bool usable() const { return labels_.size() > 1; }
    [[nodiscard]] Prediction predict(Document const& document) const;

    // Above 1: no confidence is enough, it abstains always.
    [[nodiscard]] double cut_off() const { return calibration_.cut_off(); }
    [[nodiscard]] std::size_t examples() const { return examples_; }                  // different ones
    [[nodiscard]] std::vector<std::string> const& labels() const { return labels_; }  // that it may predict, sorted
    // Cross-validated on the examples: of the decisions the share that is certain, and the share of those that is right.
    [[nodiscard]] double held_out_coverage() const { return calibration_.coverage(); }
    [[nodiscard]] double held_out_precision() const { return calibration_.precision(); }

private:
    [[nodiscard]] std::vector<double> score(std::vector<Term> const& terms) const;
    [[nodiscard]] std::string explain(Document const& document, std::vector<Term> const& terms, std::size_t label) const;
    void store(std::vector<std::vector<double>> const& weights);

    std::vector<std::string> labels_, repos_;  // sorted
    Vocabulary vocabulary_;
    std::vector<float> weights_;  // a row of labels_.size() for every column
    Calibration calibration_;
    std::size_t examples_ = 0;
};

}  // namespace groomer::model::local
