import config from "./playwright.config.js";

export default { ...config, testDir: "pictures", reporter: [["list"]], workers: 1 };
