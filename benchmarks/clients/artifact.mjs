// Uploads a file with GitHub's artifact client, which actions/upload-artifact uses: artifact.mjs FILE

import path from "node:path";
import { DefaultArtifactClient } from "@actions/artifact";

const file = path.resolve(process.argv[2]);
const { id, size, digest } = await new DefaultArtifactClient().uploadArtifact("benchmark", [file], path.dirname(file));
if (!id) throw new Error("no artifact came of it");
console.log(`${size} bytes, SHA-256 ${digest}`);
