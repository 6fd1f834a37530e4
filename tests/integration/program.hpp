// The program itself, in a folder of its own: a backlog of one issue, a configuration, and a log for each process.
#pragma once

#include "support/process.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace groomer::test {

inline int times(std::string const& text, std::string const& part) {
    int count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

inline bool has(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

class ProgramTest : public testing::Test {
protected:
    struct Ended {
        int status;  // -1: it did not end within `patience`
        std::string output;
        std::chrono::steady_clock::duration took;
    };

    // name: of the folder, beside the number of this process.
    void make_folder(std::string const& name) {
        folder = std::filesystem::temp_directory_path() / ("groomer-" + name + "-test-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder);
        std::ofstream{folder / "b.json"} << R"([{"number":1,"title":"crash","body":null,"state":"open","labels":[]}])";
    }
    void TearDown() override {
        if (!folder.empty()) std::filesystem::remove_all(folder);
    }
    void configure(std::string const& url, std::string const& file = "c.yaml") {
        std::ofstream{folder / file} << "database: {url: \"" << url
                                     << "\"}\nschedule: {groom_every: 200ms, sync_every: 1h}\npolicy: {mode: apply}\n"
                                     << "http: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"}\n"
                                     << "repositories: [{name: local/backlog, tracker: file, path: " << (folder / "b.json").string()
                                     << "}]\n";
    }
    std::unique_ptr<Process> start(std::vector<std::string> words, std::string const& file = "c.yaml") {
        words.insert(words.begin(), GROOMER_BINARY);
        words.insert(words.end(), {"--config", (folder / file).string()});
        return std::make_unique<Process>(words, (folder / (words[1] + std::to_string(++started) + ".log")).string());
    }
    Ended command(std::vector<std::string> words, std::string const& file = "c.yaml") {
        auto const begin = std::chrono::steady_clock::now();
        auto const process = start(std::move(words), file);
        auto const status = process->wait(patience);
        return {status.value_or(-1), process->output(), std::chrono::steady_clock::now() - begin};
    }

    std::filesystem::path folder;
    std::chrono::seconds patience{30};  // with a command

private:
    int started = 0;
};

}  // namespace groomer::test
