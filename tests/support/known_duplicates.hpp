// How often the original of a known duplicate is found, as it would have been on the day that the duplicate was reported.
#pragma once

#include "model/local/similar.hpp"
#include "support/shared_data.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace groomer::test {

struct Report {
    std::int64_t number = 0;
    std::string title, body;
    std::time_t created = 0, resolved = 0;  // resolved: 0 if it is open

    [[nodiscard]] model::local::Similar::Document at(std::time_t time) const {
        return {number, title, body, resolved == 0 || resolved > time, false};
    }
};

// "30/Sep/21 17:20"; 0 for what is no time.
inline std::time_t time_of(std::string const& text) {
    std::tm parts{};
    return strptime(text.c_str(), "%d/%b/%y %H:%M", &parts) ? timegm(&parts) : 0;
}

// By number, which is the order they were created in.
inline std::vector<Report> read_reports(std::filesystem::path const& path) {
    std::vector<Report> out;
    for (auto const& row : read_csv(path))
        if (row.size() == 9) out.push_back({std::stoll(row[1]), row[0], row[8], time_of(row[5]), time_of(row[6])});
    std::sort(out.begin(), out.end(), [](Report const& a, Report const& b) { return a.number < b.number; });
    return out;
}

// Of every report that duplicates older ones, which these are. The file says of either that it duplicates the other.
using Originals = std::map<std::int64_t, std::set<std::int64_t>>;
inline Originals read_originals(std::filesystem::path const& path) {
    Originals out;
    for (auto const& row : read_csv(path)) {
        auto const one = std::stoll(row.at(0));
        std::string const& others = row.at(1);  // "13547000, 13396667"
        for (std::size_t at = 0; at < others.size(); at = std::min(others.find(',', at), others.size() - 1) + 1) {
            auto const other = std::stoll(others.substr(at));
            if (one != other) out[std::max(one, other)].insert(std::min(one, other));
        }
    }
    return out;
}

struct Found {
    std::size_t duplicates = 0, first = 0, among_five = 0, among_ten = 0;
};

// For each duplicate an index of nothing but the reports that are older, open if they were so at that time.
inline Found find_originals(std::vector<Report> const& reports, Originals const& originals) {
    Found found;
    for (auto duplicate = reports.begin(); duplicate != reports.end(); ++duplicate) {
        auto const known = originals.find(duplicate->number);
        if (known == originals.end()) continue;
        std::vector<model::local::Similar::Document> older;
        for (auto report = reports.begin(); report != duplicate; ++report) older.push_back(report->at(duplicate->created));
        auto const matches = model::local::Similar::build(older).duplicates(duplicate->at(duplicate->created), 10);
        auto const is_original = [&](auto const& match) { return known->second.count(match.number) > 0; };
        auto const rank = std::find_if(matches.begin(), matches.end(), is_original) - matches.begin();
        ++found.duplicates;
        found.first += rank < 1;
        found.among_five += rank < 5;
        found.among_ten += rank < static_cast<std::ptrdiff_t>(matches.size());
    }
    return found;
}

}  // namespace groomer::test
