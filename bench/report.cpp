#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace groomer::bench {
namespace {

std::string number(double value) {
    std::ostringstream out;
    bool const whole = value == std::floor(value) && std::abs(value) < 1e9;
    out << std::setprecision(whole ? 10 : 4) << value;
    return out.str();
}

// As wide as a terminal shows it: bytes that continue a character of UTF-8 take no room.
std::string padded(std::string const& text, std::size_t width) {
    auto const shown = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
    return text + std::string(shown < width ? width - shown : 0, ' ');
}

}  // namespace

Line with_limit(Line line, double limit) {
    line.goal = (limit == 0 ? "0" : "≤ " + number(limit)) + (line.unit.empty() ? "" : " " + line.unit);
    line.reached = line.value <= limit;
    return line;
}

Line with_floor(Line line, double limit) {
    line.goal = "≥ " + number(limit) + " " + line.unit;
    line.reached = line.value >= limit;
    return line;
}

Line with_ratio_limit(Line line, double limit) {
    line.goal = "≤ " + number(limit) + " ×";
    line.reached = line.ratio && *line.ratio <= limit;
    return line;
}

void Report::add(Line line) {
    // Names are ours: nothing in them needs an escape.
    std::cout << R"({"name":")" << line.name << R"(","value":)" << number(line.value) << R"(,"unit":")" << line.unit << R"(","peer":)"
              << (line.peer.empty() ? "null" : '"' + line.peer + '"') << R"(,"ratio":)" << (line.ratio ? number(*line.ratio) : "null")
              << R"(,"n":)" << line.n << "}" << std::endl;
    lines_.push_back(std::move(line));
}

void Report::print_table() const {
    std::vector<std::vector<std::string>> rows{{"figure", "value", "unit", "peer", "ours / peer", "n", "goal", ""}};
    for (auto const& line : lines_)
        rows.push_back({line.name, number(line.value), line.unit, line.peer, line.ratio ? number(*line.ratio) : "", std::to_string(line.n),
                        line.goal,
                        !line.reached   ? ""
                        : *line.reached ? "reached"
                                        : "MISSED"});
    std::vector<std::size_t> widths(rows.front().size());
    for (auto const& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    std::cout << '\n';
    for (auto const& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) std::cout << padded(row[i], widths[i]) << (i + 1 < row.size() ? "  " : "\n");
    }
    std::cout << std::flush;
}

Raw::Raw(Setup const& setup, std::string const& figure) : file_{setup.raw / (figure + ".csv")} {
    if (!file_) throw std::runtime_error{setup.raw.string() + "/" + figure + ".csv cannot be written"};
    file_ << "series,round,value\n" << std::setprecision(12);
}

void Raw::write(std::string_view series, std::size_t round, double value) { file_ << series << ',' << round << ',' << value << '\n'; }

void Raw::write(std::string_view series, std::size_t round, Samples const& values) {
    for (double value : values) write(series, round, value);
    file_ << std::flush;
}

void say(std::string const& text) { std::cerr << text << std::endl; }

double median(Samples values) {
    if (values.empty()) throw std::runtime_error{"a median of nothing"};
    auto const half = values.size() / 2;
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(half), values.end());
    double const upper = values[half];
    if (values.size() % 2 == 1) return upper;
    return (*std::max_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(half)) + upper) / 2;
}

double percentile(Samples values, double share) {
    if (values.empty()) throw std::runtime_error{"a percentile of nothing"};
    std::sort(values.begin(), values.end());
    auto const rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

}  // namespace groomer::bench
