#include "model/local/calibration.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace groomer::model::local {
namespace {

using Vector = std::vector<double>;

// What a decision switches on: intercept, score, lead, the label's offset, the repository's.
using Row = std::array<std::pair<std::size_t, double>, 5>;
constexpr std::size_t slopes_end = 3;

Row row_of(Decision const& decision, std::size_t labels, std::size_t repos) {
    bool const known = decision.repo < repos;
    return {{{0, 1.0},
             {1, decision.score},
             {2, decision.lead},
             {slopes_end + decision.label, 1.0},
             {slopes_end + labels + (known ? decision.repo : 0), known ? 1.0 : 0.0}}};
}

double probability(Row const& row, Vector const& parameters) {
    double sum = 0;
    for (auto const& [at, value] : row) sum += parameters[at] * value;
    return 1 / (1 + std::exp(-std::clamp(sum, -30.0, 30.0)));
}

// Solves a·x = b for a symmetric positive definite `a` by elimination; the penalties below see to the definiteness.
Vector solve_linear(std::vector<Vector> a, Vector b) {
    const std::size_t n = b.size();
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i + 1; j < n; ++j) {
            double const factor = a[j][i] / a[i][i];
            if (factor == 0) continue;
            for (std::size_t k = i; k < n; ++k) a[j][k] -= factor * a[i][k];
            b[j] -= factor * b[i];
        }
    }
    for (std::size_t i = n; i-- > 0;) {
        for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    return b;
}

// One-sided 95 % lower bound of a share (Wilson, 1927): few decisions prove little.
double lower_bound_of_share(double right, double all) {
    constexpr double z = 1.645, z2 = z * z;
    double const share = right / all;
    return (share + z2 / (2 * all) - z * std::sqrt(share * (1 - share) / all + z2 / (4 * all * all))) / (1 + z2 / all);
}

}  // namespace

Calibration::Calibration(std::span<const HeldOut> decisions, std::size_t labels, std::size_t repos, double min_precision)
    : labels_(labels), repos_(repos) {
    auto const ranked = rank({decisions.begin(), decisions.end()});
    fit_confidence(decisions);
    fit_cut_off(ranked, min_precision);
}

// Platt scaling (Lin, Lin, Weng, "A note on Platt's probabilistic outputs for support vector machines", 2007) with
// offsets: a label or a repository that is often wrong needs a longer lead. Their penalty draws small groups to 0.
void Calibration::fit_confidence(std::span<const HeldOut> decisions) {
    parameters_.assign(slopes_end + labels_ + repos_, 0.0);
    for (int pass = 0; pass < 30; ++pass) {
        const Vector step = newton_step(decisions);
        double largest = 0;
        for (double const s : step) largest = std::max(largest, std::fabs(s));
        // A full step from far away can overshoot for ever.
        double const scale = largest > 2 ? 2 / largest : 1;
        for (std::size_t i = 0; i < step.size(); ++i) parameters_[i] -= scale * step[i];
        if (largest < 1e-8) break;
    }
}

Vector Calibration::newton_step(std::span<const HeldOut> decisions) const {
    constexpr double weak_penalty = 0.01, offset_penalty = 2;
    const std::size_t size = parameters_.size();
    auto const all = static_cast<double>(decisions.size());
    auto const right = static_cast<double>(std::count_if(decisions.begin(), decisions.end(), [](HeldOut const& d) { return d.right; }));
    double const target_right = (right + 1) / (right + 2), target_wrong = 1 / (all - right + 2);
    Vector gradient(size, 0.0);
    std::vector<Vector> hessian(size, Vector(size, 0.0));
    for (std::size_t i = 0; i < size; ++i) {
        hessian[i][i] = i < slopes_end ? weak_penalty : offset_penalty;
        gradient[i] = hessian[i][i] * parameters_[i];
    }
    for (auto const& held_out : decisions) {
        const Row row = row_of(held_out.decision, labels_, repos_);
        double const p = probability(row, parameters_);
        for (auto const& [i, x] : row) {
            gradient[i] += x * (p - (held_out.right ? target_right : target_wrong));
            for (auto const& [j, y] : row) hessian[i][j] += x * y * p * (1 - p);
        }
    }
    return solve_linear(std::move(hessian), std::move(gradient));
}

// The confidence of each decision, the highest first, by a fit that has not seen its fold: one that has would flatter it.
std::vector<Calibration::Ranked> Calibration::rank(std::vector<HeldOut> decisions) {
    std::vector<Ranked> ranked;
    std::stable_sort(decisions.begin(), decisions.end(), [](auto const& a, auto const& b) { return a.fold < b.fold; });
    for (auto begin = decisions.begin(); begin != decisions.end();) {
        auto const end = std::find_if(begin, decisions.end(), [&](auto const& d) { return d.fold != begin->fold; });
        std::vector<HeldOut> others{decisions.begin(), begin};
        others.insert(others.end(), end, decisions.end());
        fit_confidence(others);
        for (; begin != end; ++begin) ranked.push_back({confidence(begin->decision), begin->right});
    }
    std::sort(ranked.begin(), ranked.end(), [](auto const& a, auto const& b) { return a.confidence > b.confidence; });
    return ranked;
}

void Calibration::fit_cut_off(std::vector<Ranked> const& ranked, double min_precision) {
    constexpr double fewest_decisions = 20;
    double all = 0, right = 0;
    for (std::size_t i = 0; i < ranked.size(); ++i) {
        ++all;
        right += ranked[i].right;
        bool const tied = i + 1 < ranked.size() && ranked[i + 1].confidence == ranked[i].confidence;
        if (tied || all < fewest_decisions || !(lower_bound_of_share(right, all) >= min_precision)) continue;
        cut_off_ = ranked[i].confidence;
        precision_ = right / all;
        coverage_ = all / static_cast<double>(ranked.size());
    }
}

double Calibration::confidence(Decision const& decision) const { return probability(row_of(decision, labels_, repos_), parameters_); }

}  // namespace groomer::model::local
