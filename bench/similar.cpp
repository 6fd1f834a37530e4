// similar: what the index of similar issues costs at 20,000 issues of 2 KB, and how often it finds the original of a known duplicate.
#include "figures.hpp"

#include "model/local/similar.hpp"
#include "support/known_duplicates.hpp"

#include <chrono>
#include <cmath>
#include <fstream>
#include <random>
#include <stdexcept>

namespace groomer::bench {
namespace {

using model::local::Similar;
using Seconds = std::chrono::duration<double>;
using std::chrono::steady_clock;

constexpr std::size_t issue_count = 20'000, body_size = 2'000, vocabulary_size = 200'000;

// Texts whose words are as unevenly frequent as those of a language (Zipf), every eighth a name of two parts, in a form.
class Writer {
public:
    Writer() {
        for (std::size_t i = 0; i < vocabulary_size; ++i) {
            std::string word;
            for (auto letters = 3 + random_() % 8; letters > 0; --letters) word += static_cast<char>('a' + random_() % 26);
            if (i % 8 == 7) word = static_cast<char>('A' + random_() % 26) + word + "Client";
            vocabulary_.push_back(word);
        }
    }

    std::string words(std::size_t count) {
        std::string out;
        for (; count > 0; --count) {
            double const share = std::uniform_real_distribution<double>(0, 1)(random_);
            auto const rank = static_cast<std::size_t>(std::pow(static_cast<double>(vocabulary_.size()), share)) - 1;
            out += vocabulary_[std::min(rank, vocabulary_.size() - 1)] + ' ';
        }
        return out;
    }

    std::string body(std::size_t size) {
        std::string out = "### What happened?\n\n";
        while (out.size() < size) out += words(12) + '\n';
        return out + "### Version\n\n_No response_\n\n- [x] I have searched the existing issues\n";
    }

private:
    std::mt19937 random_{1};
    std::vector<std::string> vocabulary_;
};

struct Texts {
    std::vector<std::string> titles, bodies;

    Texts() {
        Writer writer;
        for (std::size_t i = 0; i < issue_count; ++i) {
            titles.push_back("[Bug]: " + writer.words(8));
            bodies.push_back(writer.body(body_size));
        }
    }

    [[nodiscard]] std::vector<Similar::Document> documents() const {
        std::vector<Similar::Document> out;
        for (std::size_t i = 0; i < titles.size(); ++i)
            out.push_back({static_cast<std::int64_t>(i + 1), titles[i], bodies[i], i % 3 == 0, i % 2 == 0});
        return out;
    }
};

// VmRSS or VmHWM of /proc/self/status.
double resident_mib(std::string const& which) {
    std::ifstream status{"/proc/self/status"};
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(which)) return std::stod(line.substr(which.size() + 1)) / 1024;
    throw std::runtime_error{"/proc/self/status has no " + which};
}

void forget_most_resident() { std::ofstream{"/proc/self/clear_refs"} << 5; }

Line plain(std::string name, double value, std::string unit, std::size_t n) {
    return {std::move(name), value, std::move(unit), {}, {}, n, {}, {}};
}

void measure_queries(Setup const& setup, Report& report, Raw& raw, Similar const& index, std::vector<Similar::Document> const& documents) {
    auto const timed = [&](Similar::Document const& issue) {
        auto const start = steady_clock::now();
        auto const matches = index.duplicates(issue, 5);
        if (matches.empty()) throw std::runtime_error{"an issue has nothing in common with any other"};
        return Seconds(steady_clock::now() - start).count() * 1000;
    };
    Samples query, longest;
    for (std::size_t i = 0; i < setup.trials(1'000, 10'000); ++i) query.push_back(timed(documents[i * 7919 % documents.size()]));
    Writer writer;
    for (std::size_t i = 0; i < setup.trials(100, 1'000); ++i) {
        std::string const body = writer.body(256 * 1024);
        longest.push_back(timed({0, "Everything at once", body}));
    }
    raw.write("query", 0, query);
    raw.write("query_long_body", 0, longest);
    report.add(plain("similar_query_p50", median(query), "ms", query.size()));
    report.add(with_limit(plain("similar_query_p99", percentile(query, 0.99), "ms", query.size()), 5));
    report.add(with_limit(plain("similar_query_long_body_p99", percentile(longest, 0.99), "ms", longest.size()), 5));
}

}  // namespace

void similar(Setup const& setup, Report& report) {
    Raw raw{setup, "similar"};
    Texts const texts;
    auto const documents = texts.documents();
    Samples build, memory;
    Similar index;
    for (std::size_t i = 0; i < setup.trials(5, 25); ++i) {
        index = Similar();
        forget_most_resident();
        double const before = resident_mib("VmRSS");
        auto const start = steady_clock::now();
        index = Similar::build(documents);
        build.push_back(Seconds(steady_clock::now() - start).count());
        memory.push_back(resident_mib("VmHWM") - before);
    }
    raw.write("build", 0, build);
    raw.write("build_memory", 0, memory);
    report.add(with_limit(plain("similar_build", median(build), "s", build.size()), 2));
    report.add(with_limit(plain("similar_build_memory", percentile(memory, 1), "MiB", memory.size()), 64e6 / (1 << 20)));
    report.add(plain("similar_index", static_cast<double>(index.bytes()) / (1 << 20), "MiB", 1));
    measure_queries(setup, report, raw, index, documents);
}

void similar_originals(Setup const& setup, Report& report) {
    auto const reports = test::shared_data("hadoop_reports.csv"), duplicates = test::shared_data("hadoop_duplicates.csv");
    if (!reports || !duplicates) return say(std::string("Not measured: ") + test::no_shared_data);
    auto const found = test::find_originals(test::read_reports(*reports), test::read_originals(*duplicates));
    Raw raw{setup, "similar_originals"};
    auto const share = [&](std::string const& name, std::size_t count) {
        raw.write(name, 0, static_cast<double>(count));
        return plain("similar_original_" + name, 100 * static_cast<double>(count) / static_cast<double>(found.duplicates), "%",
                     found.duplicates);
    };
    report.add(share("first", found.first));
    report.add(with_floor(share("among_five", found.among_five), 76));
    report.add(share("among_ten", found.among_ten));
}

}  // namespace groomer::bench
