// A database of a test's own inside the private server that tests/run starts.
#pragma once

#include "pg/session.hpp"

#include <memory>
#include <string>

namespace groomer::test {

// Skips the test with a sentence where GROOMER_TEST_DATABASE_URL names no server.
#define GROOMER_NEEDS_DATABASE() \
    if (groomer::test::server_url().empty()) GTEST_SKIP() << "GROOMER_TEST_DATABASE_URL names no server; tests/run starts one"

std::string server_url();  // ends with the socket's folder, names no database

// Created empty, or with the schema; dropped at the end, whoever is connected.
class TestDatabase {
public:
    enum class Schema { none, migrated };
    explicit TestDatabase(Schema schema = Schema::migrated, std::string const& created_with = "");
    ~TestDatabase();
    [[nodiscard]] std::string url() const { return url_; }
    [[nodiscard]] std::string name() const { return name_; }
    [[nodiscard]] pg::ConnectOptions options(std::string const& name = "groomer/test") const { return {url_, "", name}; }
    // Runs SQL of the test's own, on a connection of its own.
    pg::Rows query(std::string const& sql);

private:
    std::string name_, url_;
    std::unique_ptr<pg::Session> session_;
};

}  // namespace groomer::test
