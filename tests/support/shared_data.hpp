// Real data that lies beside the checkout, or in the folder that GROOMER_SHARED names; never part of the project.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace groomer::test {

inline constexpr char const* no_shared_data = "the shared real issues are not on this machine (set GROOMER_SHARED to their folder)";

inline std::optional<std::filesystem::path> shared_data(std::string const& name) {
    char const* named = std::getenv("GROOMER_SHARED");
    auto const checkout = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
    auto const folder = named ? std::filesystem::path(named) : checkout.parent_path() / "shared";
    auto const file = folder / "data" / name;
    return std::filesystem::exists(file) ? std::optional(file) : std::nullopt;
}

using CsvRow = std::vector<std::string>;

// RFC 4180. The first row is the names of the columns, and left out.
inline std::vector<CsvRow> read_csv(std::filesystem::path const& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::vector<CsvRow> rows;
    CsvRow row(1);
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') row.back() += text[i++];
        else if (text[i] == '"') quoted = !quoted;
        else if (quoted || (text[i] != ',' && text[i] != '\n' && text[i] != '\r')) row.back() += text[i];
        else if (text[i] == ',') row.emplace_back();
        else if (text[i] == '\n') rows.push_back(std::exchange(row, CsvRow(1)));
    }
    if (row.size() > 1) rows.push_back(row);
    if (!rows.empty()) rows.erase(rows.begin());
    return rows;
}

}  // namespace groomer::test
