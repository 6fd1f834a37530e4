#include "model/local/linear.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

namespace groomer::model::local {
namespace {

constexpr double cost = 0.2;  // found by cross-validation; 0.1 to 0.5 differ little
constexpr double tolerance = 0.05;
constexpr int most_passes = 100;

// std::shuffle may differ between standard libraries; the model must not.
void shuffle(std::vector<std::size_t>& order, std::mt19937& random) {
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
}

}  // namespace

double dot(std::span<const Term> row, std::vector<double> const& weights) {
    double sum = 0;
    for (auto const& term : row) sum += static_cast<double>(term.value) * weights[term.column];
    return sum;
}

void Matrix::add(std::span<const Term> row) {
    terms_.insert(terms_.end(), row.begin(), row.end());
    ends_.push_back(terms_.size());
}

std::span<const Term> Matrix::row(std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::span(terms_).subspan(begin, ends_[index] - begin);
}

// Dual coordinate descent: Hsieh, Chang, Lin, Keerthi, Sundararajan, "A dual coordinate descent method for large-scale
// linear SVM", ICML 2008, algorithm 1 with the L2 loss, as in LIBLINEAR; no shrinking, these problems are small.
std::vector<double> solve(Matrix const& matrix, std::span<const std::size_t> use, std::vector<bool> const& positive, std::size_t columns) {
    constexpr double diagonal = 1 / (2 * cost);
    std::vector<double> weights(columns, 0.0), alpha(matrix.rows(), 0.0), norm(matrix.rows(), 0.0);
    for (auto const row : use) {
        for (auto const& term : matrix.row(row)) norm[row] += static_cast<double>(term.value) * static_cast<double>(term.value);
    }
    std::vector<std::size_t> order(use.begin(), use.end());
    std::mt19937 random(1);
    for (int pass = 0; pass < most_passes; ++pass) {
        shuffle(order, random);
        double violation = 0;
        for (auto const row : order) {
            double const y = positive[row] ? 1 : -1;
            double const gradient = y * dot(matrix.row(row), weights) - 1 + diagonal * alpha[row];
            double const projected = alpha[row] > 0 ? gradient : std::min(gradient, 0.0);
            violation = std::max(violation, std::fabs(projected));
            double const next = std::max(alpha[row] - gradient / (norm[row] + diagonal), 0.0);
            double const step = (next - alpha[row]) * y;
            alpha[row] = next;
            if (step == 0) continue;
            for (auto const& term : matrix.row(row)) weights[term.column] += step * static_cast<double>(term.value);
        }
        if (violation < tolerance) break;
    }
    return weights;
}

}  // namespace groomer::model::local
