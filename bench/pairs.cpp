#include "pairs.hpp"

#include <algorithm>

namespace groomer::bench {

double median_ratio(Samples const& one, Samples const& other) {
    Samples ratios;
    for (std::size_t i = 0; i < one.size(); ++i) ratios.push_back(one.at(i) / other.at(i));
    return median(ratios);
}

Pairs measure_pairs(Raw& raw, Series const& ours, std::vector<Series> const& peers, std::size_t rounds) {
    std::vector<Series const*> all{&ours};
    for (auto const& peer : peers) all.push_back(&peer);
    for (auto const* series : all) series->block();
    Pairs pairs;
    pairs.rounds = rounds;
    for (std::size_t round = 1; round <= rounds; ++round) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            auto const place = round % 2 == 1 ? i : all.size() - 1 - i;
            auto const& series = *all[(round / 2 + place) % all.size()];
            auto const block = series.block();
            raw.write(series.name, round, block);
            pairs.by_round[series.name].push_back(median(block));
        }
        if (round % std::max<std::size_t>(rounds / 5, 1) == 0) say("  round " + std::to_string(round) + " of " + std::to_string(rounds));
    }
    auto const& own = pairs.by_round.at(ours.name);
    pairs.ours = median(own);
    for (auto const& peer : peers) {
        pairs.peers[peer.name] = median(pairs.by_round.at(peer.name));
        pairs.ratios[peer.name] = median_ratio(own, pairs.by_round.at(peer.name));
    }
    return pairs;
}

}  // namespace groomer::bench
