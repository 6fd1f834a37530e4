#include "config/problems.hpp"

#include <algorithm>
#include <tuple>

namespace groomer::config {

void Problems::add(Origin const& origin, std::string_view key, std::string_view sentence) {
    found_.push_back({origin, (key.empty() ? "" : std::string{key} + ": ") + std::string{sentence}});
}

std::string Problems::where(Origin const& origin) const {
    if (origin.layer == Layer::environment) return "environment " + origin.name;
    if (origin.layer == Layer::flag) return "flag --" + origin.name;
    if (file_.empty()) return "configuration";
    if (origin.mark.line == 0) return file_;
    return file_ + ':' + std::to_string(origin.mark.line) + ':' + std::to_string(character_column(text_, origin.mark));
}

std::string Problems::render() const {
    constexpr std::size_t most = 50;
    auto const place = [](Finding const& f) { return std::tuple{f.origin.layer, f.origin.mark.line, f.origin.mark.column}; };
    auto sorted = found_;
    std::stable_sort(sorted.begin(), sorted.end(), [&](auto const& a, auto const& b) { return place(a) < place(b); });
    std::string out;
    for (std::size_t i = 0; i < sorted.size() && i < most; ++i)
        out += (i == 0 ? "" : "\n") + where(sorted[i].origin) + ": " + sorted[i].sentence;
    if (sorted.size() > most) out += "\nand " + std::to_string(sorted.size() - most) + " more";
    return out;
}

}  // namespace groomer::config
