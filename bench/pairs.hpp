// Ours and peers measured in turn: ours, peer, peer, ours, peer, peer …, each a block of some iterations, so that whatever
// else the machine does meets all alike.
#pragma once

#include "report.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace groomer::bench {

struct Series {
    std::string name;
    std::function<Samples()> block;
};

struct Pairs {
    double ours = 0;  // the median over the rounds of the block's median
    std::map<std::string, double> peers;
    std::map<std::string, double> ratios;  // the median over the rounds of ours / peer, each of the block's median
    std::size_t rounds = 0;
};

// A first round warms up and is not counted.
Pairs measure_pairs(Raw& raw, Series const& ours, std::vector<Series> const& peers, std::size_t rounds);

}  // namespace groomer::bench
