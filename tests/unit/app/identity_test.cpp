#include "app/identity.hpp"

#include "lock/token.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

namespace groomer::app {
namespace {

namespace fs = std::filesystem;
using Environment = std::map<std::string, std::string>;

struct IdentityTest : ::testing::Test {
    IdentityTest() {
        std::string pattern = (fs::temp_directory_path() / "groomer-slot-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
        folder = pattern;
        environment = {
            {"GROOMER_POD_UID", "uid-1"}, {"GROOMER_CONTAINER", "groomer"}, {"GROOMER_SLOT_DIR", folder.string()}, {"POD_NAME", "pod-1"}};
    }
    ~IdentityTest() override { fs::remove_all(folder); }

    fs::path folder;
    Environment environment;
    std::ostringstream lines;
    Log log{lines, LogLevel::info, Log::Format::text};
};

TEST_F(IdentityTest, NamesTheSlotByPodAndContainer) {
    Slot const slot{environment, log};
    EXPECT_EQ(slot.name(), "uid-1/groomer");
    EXPECT_EQ(lines.str(), "");
    auto const files = std::distance(fs::directory_iterator{folder}, fs::directory_iterator{});
    EXPECT_EQ(files, 1);
}

TEST_F(IdentityTest, GivesASlotThatIsTakenNoNameAndSaysSo) {
    Slot const first{environment, log};
    Slot const second{environment, log};
    EXPECT_EQ(first.name(), "uid-1/groomer");
    EXPECT_EQ(second.name(), "");
    EXPECT_NE(lines.str().find("warning"), std::string::npos) << lines.str();
}

TEST_F(IdentityTest, GivesTheSlotToTheNextOnceItsHolderIsGone) {
    auto first = std::make_unique<Slot>(environment, log);
    {
        Slot const second{environment, log};
        EXPECT_EQ(second.name(), "");
    }
    first.reset();
    EXPECT_EQ((Slot{environment, log}.name()), "uid-1/groomer") << "the file of the one before is no obstacle";
}

TEST_F(IdentityTest, KeepsTheSlotsOfOtherPodsAndContainersApart) {
    Slot const first{environment, log};
    environment["GROOMER_CONTAINER"] = "sidecar";
    Slot const other_container{environment, log};
    environment["GROOMER_POD_UID"] = "uid-2";
    Slot const other_pod{environment, log};
    EXPECT_EQ(other_container.name(), "uid-1/sidecar");
    EXPECT_EQ(other_pod.name(), "uid-2/sidecar");
}

TEST_F(IdentityTest, HasNoSlotWithoutEachOfItsVariables) {
    for (std::string name : {"GROOMER_POD_UID", "GROOMER_CONTAINER", "GROOMER_SLOT_DIR"}) {
        auto without = environment;
        without.erase(name);
        EXPECT_EQ((Slot{without, log}.name()), "") << name;
        without[name] = "";
        EXPECT_EQ((Slot{without, log}.name()), "") << name;
    }
    EXPECT_TRUE(fs::is_empty(folder));
    EXPECT_EQ(lines.str(), "") << "to want no reclaim is no fault";
}

TEST_F(IdentityTest, StartsWithoutASlotWhereTheFolderIsMissing) {
    environment["GROOMER_SLOT_DIR"] = (folder / "missing").string();
    EXPECT_EQ((Slot{environment, log}.name()), "");
    EXPECT_NE(lines.str().find("No such file"), std::string::npos) << lines.str();
}

TEST_F(IdentityTest, TakesThePodsNameFromTheEnvironmentAndElseTheHosts) {
    EXPECT_EQ(pod_name(environment), "pod-1");
    EXPECT_FALSE(pod_name({}).empty());
    EXPECT_EQ(pod_name({{"POD_NAME", ""}}), pod_name({}));
}

TEST_F(IdentityTest, CleansNamesOfWhatSeparatesThemElsewhere) {
    EXPECT_EQ(pod_name({{"POD_NAME", "a|b\nc\td\re"}}), "a_b_c_d_e");
    EXPECT_EQ(pod_name({{"POD_NAME", "a\xFF"}}), "a\xEF\xBF\xBD");
    EXPECT_EQ(pod_name({{"POD_NAME", std::string(199, 'a') + "\xC3\xA9"}}), std::string(199, 'a')) << "cut between characters";
}

TEST_F(IdentityTest, NeverGivesTwoSlotsOneName) {
    std::set<std::string> names;
    for (std::string const& uid : {std::string{"uid|1"}, std::string{"uid_1"}, std::string(300, 'x') + "1", std::string(300, 'x') + "2"}) {
        environment["GROOMER_POD_UID"] = uid;
        auto const name = Slot{environment, log}.name();
        EXPECT_EQ(name.find('|'), std::string::npos);
        EXPECT_LE(name.size(), 200U);
        EXPECT_TRUE(names.insert(name).second) << "a living holder could be taken for a dead predecessor: " << name;
    }
}

TEST_F(IdentityTest, FitsIntoATokenWhateverTheNames) {
    environment["GROOMER_POD_UID"] = std::string(300, '|');
    Slot const slot{environment, log};
    auto const identity = make_identity(environment, slot);
    auto const token = lock::parse_token("g1|5000|7|" + identity.slot + "|" + identity.incarnation + "|00000001|uuid");
    ASSERT_TRUE(token);
    EXPECT_EQ(token->slot, slot.name());
    EXPECT_EQ(token->incarnation, identity.incarnation);
}

TEST_F(IdentityTest, IsAnotherIncarnationEachTime) {
    Slot const slot{environment, log};
    auto const one = make_identity(environment, slot), other = make_identity(environment, slot);
    EXPECT_EQ(one.pod, "pod-1");
    EXPECT_EQ(one.slot, slot.name());
    EXPECT_FALSE(one.incarnation.empty());
    EXPECT_NE(one.incarnation, other.incarnation);
}

TEST(SessionName, IsThatOfAReplicaOrOfACommand) {
    EXPECT_EQ(session_name(Role::replica, "0.1.0", "groomer-0"), "groomer/0.1.0/groomer-0");
    EXPECT_EQ(session_name(Role::command, "0.1.0", "groomer-0"), "groomer-command/0.1.0/groomer-0");
}

TEST(SessionName, TellsPodsApartThatPostgresqlWouldTakeForOne) {
    std::string const same(60, 'x');
    std::set<std::string> names;
    for (auto const& pod : {same + "-1", same + "-2", std::string{"pöd"}, std::string{"püd"}, std::string{"p??d"}, std::string{"pod"}}) {
        auto const name = session_name(Role::replica, "0.1.0", pod);
        EXPECT_LE(name.size(), 63U);
        EXPECT_TRUE(std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; })) << name;
        EXPECT_TRUE(name.starts_with("groomer/0.1.0/")) << name;
        names.insert(name);
    }
    EXPECT_EQ(names.size(), 6U);
    EXPECT_LE(session_name(Role::command, std::string(100, '1'), same).size(), 63U);
}

}  // namespace
}  // namespace groomer::app
