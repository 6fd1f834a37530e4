// What every figure is given, and what it hands back: lines of the result, and raw samples in files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::bench {

using Samples = std::vector<double>;

struct Setup {
    std::string server_url;             // of the superuser, naming some database
    std::filesystem::path groomer;      // the release binary
    std::filesystem::path fake_github;  // tests/fake_github
    std::filesystem::path fake_model;   // tests/fake_model
    std::filesystem::path self;         // this program, for replicas of its own
    std::filesystem::path node, peers, raw;
    bool full = false;

    // A number of trials: a few by default, as many as the goal asks for with --full.
    [[nodiscard]] std::size_t trials(std::size_t few, std::size_t many) const { return full ? many : few; }
};

struct Line {
    std::string name;
    double value = 0;
    std::string unit;
    std::string peer;             // "": none
    std::optional<double> ratio;  // ours / peer
    std::size_t n = 0;            // pairs where there is a ratio of pairs, else trials
    std::string goal;             // "": none
    std::optional<bool> reached;
};

// "≤ limit unit", and whether the value reaches it.
Line with_limit(Line line, double limit);
// "≥ limit unit", and whether the value reaches it.
Line with_floor(Line line, double limit);
// As with_limit, for the ratio.
Line with_ratio_limit(Line line, double limit);

class Report {
public:
    void add(Line line);  // printed at once, as JSON
    void print_table() const;

private:
    std::vector<Line> lines_;
};

// The samples of one figure, as lines "series,round,value".
class Raw {
public:
    Raw(Setup const& setup, std::string const& figure);
    void write(std::string_view series, std::size_t round, double value);
    void write(std::string_view series, std::size_t round, Samples const& values);

private:
    std::ofstream file_;
};

// A remark on how far a measurement is, on stderr.
void say(std::string const& text);

double median(Samples values);
// The smallest value that at least `share` of the values do not exceed (nearest rank).
double percentile(Samples values, double share);

}  // namespace groomer::bench
