#include "config/keys.hpp"

#include <algorithm>
#include <numeric>

namespace groomer::config {
namespace {

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            auto const changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

std::string variable(std::string_view path) {
    std::string name = "GROOMER_";
    for (char c : path) name += c == '.' ? '_' : (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
    return name;
}

}  // namespace

Key const* find_key(std::string_view path) {
    auto const found = std::find_if(keys().begin(), keys().end(), [&](Key const& key) { return key.path == path; });
    return found == keys().end() ? nullptr : &*found;
}

bool per_repository(Key const& key) { return key.path.starts_with("policy.") || key.path.starts_with("model."); }

std::string environment_name(Key const& key) { return key.access.set == nullptr ? "" : variable(key.path); }

std::string secret_name(Key const& key) {
    constexpr std::string_view suffix = "_file";
    if (key.type != Type::secret_file) return {};
    auto const path = key.path.substr(0, key.path.size() - suffix.size());
    return find_key(path) != nullptr ? "" : variable(path);  // database.url is a key of its own
}

std::string nearest(std::string_view word, std::vector<std::string> const& candidates) {
    std::string best;
    if (word.empty() || word.size() > 100) return best;
    std::size_t least = std::min(std::max<std::size_t>(2, word.size() / 4) + 1, word.size());
    for (std::string const& candidate : candidates) {
        auto const changes = distance(word, candidate);
        if (changes >= least) continue;
        least = changes;
        best = candidate;
    }
    return best;
}

}  // namespace groomer::config
