// Ours and peers measured in turn, each a block of some iterations, so that whatever else the machine does meets all alike. Who
// comes first changes from round to round, and every other round goes the other way around: what a block leaves behind for the
// next (a cache, dirty pages, a processor that has cooled) meets all alike, too.
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
    std::map<std::string, double> ratios;     // the median over the rounds of ours / peer, each of the block's median
    std::map<std::string, Samples> by_round;  // the block's median, of ours and of each peer
    std::size_t rounds = 0;
};

// The median over the rounds of one / other.
double median_ratio(Samples const& one, Samples const& other);

// A first round warms up and is not counted.
Pairs measure_pairs(Raw& raw, Series const& ours, std::vector<Series> const& peers, std::size_t rounds);

}  // namespace groomer::bench
