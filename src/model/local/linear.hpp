// Sparse rows and the solver of one two-class problem.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace groomer::model::local {

struct Term {
    std::uint32_t column;
    float value;
};

class Matrix {
public:
    void add(std::span<const Term> row);
    [[nodiscard]] std::span<const Term> row(std::size_t index) const;
    [[nodiscard]] std::size_t rows() const { return ends_.size(); }

private:
    std::vector<Term> terms_;
    std::vector<std::size_t> ends_;
};

double dot(std::span<const Term> row, std::vector<double> const& weights);

// The weights w that minimise |w|²/2 + cost · Σ max(0, 1 - y·wx)² over the rows named in `use`; y is +1 where
// `positive[row]`, else -1. Deterministic. `columns` is above every column used.
std::vector<double> solve(Matrix const& matrix, std::span<const std::size_t> use, std::vector<bool> const& positive, std::size_t columns);

}  // namespace groomer::model::local
