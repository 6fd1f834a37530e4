// From the scores of texts that a model had not seen to "so many in a hundred are right", and to the least confidence at
// which that is often enough.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace groomer::model::local {

// One decision: which label and in which repository, its score, and how far that was ahead of the next one's.
struct Decision {
    std::size_t label, repo;
    double score, lead;
};

struct HeldOut {
    Decision decision;
    bool right;
    std::size_t fold = 0;  // in which it was held out
};

class Calibration {
public:
    Calibration() = default;
    // No confidence is enough (cut_off > 1) where no part of the decisions reaches `min_precision` with a margin, nor where
    // there are not two folds of them.
    Calibration(std::span<const HeldOut> decisions, std::size_t labels, std::size_t repos, double min_precision);

    // A repository outside 0..repos-1 is one not seen in training. In (0, 1).
    [[nodiscard]] double confidence(Decision const& decision) const;
    [[nodiscard]] double cut_off() const { return cut_off_; }
    // Of the held-out decisions: the share at or above the cut-off, and the share of those that was right (0 if none).
    [[nodiscard]] double coverage() const { return coverage_; }
    [[nodiscard]] double precision() const { return precision_; }

private:
    void fit_confidence(std::span<const HeldOut> decisions);
    [[nodiscard]] std::vector<double> newton_step(std::span<const HeldOut> decisions) const;
    struct Ranked {
        double confidence;
        bool right;
    };
    std::vector<Ranked> rank(std::vector<HeldOut> decisions);
    void fit_cut_off(std::vector<Ranked> const& ranked, double min_precision);

    std::size_t labels_ = 0, repos_ = 0;
    std::vector<double> parameters_;  // intercept, slopes of score and lead, one offset a label, one a repository
    double cut_off_ = 2, coverage_ = 0, precision_ = 0;
};

}  // namespace groomer::model::local
