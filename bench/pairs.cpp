#include "pairs.hpp"

#include <algorithm>

namespace groomer::bench {

Pairs measure_pairs(Raw& raw, Series const& ours, std::vector<Series> const& peers, std::size_t rounds) {
    ours.block();
    for (auto const& peer : peers) peer.block();
    Samples own;
    std::map<std::string, Samples> others, ratios;
    for (std::size_t round = 1; round <= rounds; ++round) {
        auto const block = ours.block();
        raw.write(ours.name, round, block);
        own.push_back(median(block));
        for (auto const& peer : peers) {
            auto const other = peer.block();
            raw.write(peer.name, round, other);
            others[peer.name].push_back(median(other));
            ratios[peer.name].push_back(own.back() / others[peer.name].back());
        }
        if (round % std::max<std::size_t>(rounds / 5, 1) == 0) say("  round " + std::to_string(round) + " of " + std::to_string(rounds));
    }
    Pairs pairs;
    pairs.rounds = rounds;
    pairs.ours = median(own);
    for (auto const& [name, values] : others) pairs.peers[name] = median(values);
    for (auto const& [name, values] : ratios) pairs.ratios[name] = median(values);
    return pairs;
}

}  // namespace groomer::bench
