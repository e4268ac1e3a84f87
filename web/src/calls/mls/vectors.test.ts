import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { refhash } from "ts-mls/crypto/hash.js";
import { deriveSecret, deriveTreeSecret, expandWithLabel } from "ts-mls/crypto/kdf.js";
import { decodeGroupContext, encodeGroupContext } from "ts-mls/groupContext.js";
import { initializeEpoch } from "ts-mls/keySchedule.js";
import { describe, expect, it } from "vitest";
import { hex, joined, type Octets, ofHex, utf8 } from "../../trust/octets";
import { Conversation } from "./group";
import { deviceOf, ORDERER, placeOf } from "./places.testing";
import { suiteOf } from "./suites";

// Vectors of the MLS working group, github.com/mlswg/mls-implementations, for suites whose hash is
// SHA-512 as ours is: test-vectors/crypto-basics.json (78a6cfc908dc), suite 5.
const BASICS = {
  deriveSecret: {
    label: "DeriveSecret",
    secret:
      "1cdabb996d9238bed1fc287457e587f629b0641d4f5229c22b3b456f76342bca74c512a089560940c32529b203288a0d9833c263fa65c697e2c7e27a8b1de508",
    out: "05daff5cba60076f326bf1f4e0b6debae2b2985f897dede6e63a47bb6bf1513505135cbf0e3cf2e337084966424c0c87659b000362b9c794cd03b266bdc68a48",
  },
  deriveTreeSecret: {
    label: "DeriveTreeSecret",
    generation: 2694881440,
    length: 64,
    secret:
      "73602e2c5229627e45a5902079b92aada93cd3d20429f23051f57c1a3ed7e42315a94416c2d2fcaa5630e638540ce0a4db3188df7dacf07fb8793bcadaa96493",
    out: "63796c6b505bf9de7cb66becd0abcfa7b240c5da83d111ac57a1936508741791ae86fddfe5d42ee04964416ed7a92563b55e9a3f4c6fbb3cca4d0647f873aca4",
  },
  expandWithLabel: {
    label: "ExpandWithLabel",
    length: 32,
    context:
      "538b60a6bac7802b0a51923521e62811461ec0827e94034f409d6181f96f3ff312861e15ac2584d909e58ec17c73ba12f511f9a4097ddaca25bc18824d1511b7",
    secret:
      "2b63ac3f45736045b679d61946d0d6ced888dce4f7cc483560df3c626d4d31521cbcbe9e5a8002124964b34e76ce5658d3c70c1a536b273f0af71c3cd70b710e",
    out: "cdce438fea561f808f6383ec3da5dcd1c58baa456368003e13afd6c3fb191b51",
  },
  refHash: {
    label: "RefHash",
    value:
      "95a29073ba4ef965188b22dc59bd8471117a7be24d8b9081b0f5d9484ff134eebd4c27bc270cd919ecdf6073c8da8ce5991d8320fa47af61eb4bfc67066c2faa",
    out: "9aaa7ce965b633604b6d6e2a091b19d60690de09796d09af51bf18c7d432f927ac30563c17bcff08ca87c93a998d57ca76708ec1e4b8f2c47276021e130b4960",
  },
};

// The same, test-vectors/key-schedule.json (60dd6f908576), suite 4, first epoch. Its
// exporter is left out: that file is of a draft which had another label there; see below.
const SCHEDULE = {
  initSecretBefore:
    "60110252b0d88af945b6001d5542d74a2cbd0bc7a83811add25168f2bec0d9aa4f4de7343e99d9e4e6e1e70d39c166d84a2a9b37d5919897641f1c36d6e41942",
  commitSecret:
    "18a67662add4a0a8c17773e509744cbae7812b337e9aded05fb5263f01d5d47628adb37fd9d2efcb8fd9f0a0961a7a3f1c18c21dec9adf580b93391f85c99558",
  groupContext:
    "000100040a6d792067726f7570203500000000000000004040eb7fe4fc7b461bdb5c3050f6519e9426a1aecc0d3ee774074a11bb1e9440d3469bb30f22fa8c90d2cef82ce1dc7405337adeb92b261608ccbe3c558d4086039d4040105ff21f575751a6a11763b4a199e6b69efc643718018f4d70bcb44bceeabdb71e7cca5d427a991591cf93a8fae8103b9a4397f6db96c661e4ea19f5e5de9cfe00",
  joinerSecret:
    "37f5f3a0e9be53a040650fc5293dbca006e07e12069bd2fe60c95e7617d0ff92344a5a526796c87d9a84d6962edae27281c6eff3cdacc3bf9479f6eb9302b492",
  welcomeSecret:
    "bf2d4853c1538e94982774c4639bc8af2894f916912746d4f085212d54675b1ae25c290858f8404e2477be799a69402e7bf8b866c8d03f973e13563bcc9a5f14",
  initSecret:
    "4752ab0ac9ead29a50c821a624e8b17f5cb1e327176da5330693b9cd80451682f9d9f3802fe57846583149e02dfdcc10cd0d3a724891176911500e50f28070f5",
  senderDataSecret:
    "c9814fec23c3e627af6c0d9d7d82fee87ee4874e83020556ef449db870e2abc51edcd03a404db525d3cf4e10e163ef842b6cfa5a39bd26f5ebbdf3d2fe9e39b0",
  encryptionSecret:
    "3ab2e4215e1f71fe726c9e8d7a44c5b04f4165aeb7255e48d7b9d31b7d5b3707cf4f6560130cd02583d4c68c146c57f973bba12ed32e1dc64fa8bbb371556399",
  exporterSecret:
    "ecb11ca7d8d4ad47e15d8116d9a261cccf2a357fb0c20fbb8420911546433bbccdef3a318560f402d47f54d248851cbd3ac41d3b9519df30fbc1ea447e3dd277",
  epochAuthenticator:
    "601776bcbfa5caa450ce2f51ce183da2d2a64e932586e40880915acd1abac9ffb1c2a86c799ce65d9d904fb31736d9e6aaacae7a4e76c0654bee044a67c25a36",
  externalSecret:
    "7797f65c3b4177364f052e43768372620895b2dc41608b2d48d1cd477e50e0e28f33826057f49710ed7caf1b51c9b767b8b9d37c61dd7b53ef129addab5af326",
  confirmationKey:
    "5d3573bb14a8518faf61959c1181a3e30359e1ecfd5447cea375e96494d54057e6bda07cc9b247c22aba374456a6f3fded8a8fbd7276df03c9e55e26aa973dcb",
  membershipKey:
    "089131412e4c4f95ca284b9a993b7522502aaf012030ffc125e95f0742f99a726055b40d9ec6d5055206aae4dbfa45bdc04dfd0334fbebc11a0c07dc2762f5c6",
  resumptionPsk:
    "23780db702d01065b4c28ac7db9d6ad38fa3a4ca5dec2c3f1c947e364710e4bec705f51a7d8fb56c5e62f9ddbbf45b5e586f597a699604a11c5a064ee4a00fa1",
};

const of = (text: string) => ofHex(text, text.length / 2);
const ours = async () => suiteOf("eu-hybrid", (await deviceOf("eu", "annaPhone")).signer);

describe("the suite's own functions give the working group's vectors", () => {
  it("derives as crypto-basics.json says", async () => {
    const { kdf, hash } = await ours();
    const one = BASICS.deriveSecret;
    expect(hex(await deriveSecret(of(one.secret), one.label, kdf))).toBe(one.out);
    const two = BASICS.deriveTreeSecret;
    const { generation, length } = two;
    const made = await deriveTreeSecret(of(two.secret), two.label, generation, length, kdf);
    expect(hex(made)).toBe(two.out);
    const three = BASICS.expandWithLabel;
    const context = of(three.context);
    const out = await expandWithLabel(of(three.secret), three.label, context, three.length, kdf);
    expect(hex(out)).toBe(three.out);
    const four = BASICS.refHash;
    expect(hex(await refhash(four.label, of(four.value), hash))).toBe(four.out);
  });

  it("walks the key schedule as key-schedule.json says", async () => {
    const suite = await ours();
    const context = decodeGroupContext(of(SCHEDULE.groupContext), 0)?.[0];
    if (context === undefined) throw new Error("no group context");
    expect(hex(encodeGroupContext(context))).toBe(SCHEDULE.groupContext);
    const none = new Uint8Array(suite.kdf.size);
    const before = of(SCHEDULE.initSecretBefore);
    const made = await initializeEpoch(before, of(SCHEDULE.commitSecret), context, none, suite.kdf);
    const { keySchedule, ...others } = made;
    for (const [name, secret] of Object.entries({ ...keySchedule, ...others })) {
      expect(hex(secret), name).toBe(SCHEDULE[name as "initSecret"]);
    }
  });
});

/** HKDF-Expand (RFC 5869) and the labels of RFC 9420 sections 8 and 8.5, written down once more. */
function expanded(secret: Uint8Array, label: string, context: Uint8Array, length: number): Octets {
  const said = utf8(`MLS 1.0 ${label}`);
  const prefix = Uint8Array.of(length >> 8, length & 255, said.length);
  const size = context.length < 64 ? [context.length] : [0x40, context.length];
  const info = joined(prefix, said, Uint8Array.from(size), context);
  let block: Octets = new Uint8Array();
  let out: Octets = new Uint8Array();
  for (let count = 1; out.length < length; count++) {
    block = joined(hmac(sha512, secret, joined(block, info, Uint8Array.of(count))));
    out = joined(out, block);
  }
  return out.slice(0, length);
}

it("exports what another computation of section 8.5 exports", async () => {
  const { party } = await placeOf("annaPhone");
  const secrets: Uint8Array[] = [];
  const { suite } = party;
  const watched = { ...suite.kdf };
  watched.expand = (prk, info, length) => {
    secrets.push(prk.slice());
    return suite.kdf.expand(prk, info, length);
  };
  const kdf = { ...party, suite: { ...suite, kdf: watched } };
  const bruno = "spiffe://italia.example/person/bruno.verdi";
  const group = await Conversation.create(kdf, bruno, ORDERER);
  secrets.length = 0;
  const media = await group.mediaKey(32);
  const [exporterSecret] = secrets as [Uint8Array];
  const derived = expanded(exporterSecret, "SFrame 1.0 Base Key", new Uint8Array(), 64);
  const hashed = new Uint8Array(await crypto.subtle.digest("SHA-512", new Uint8Array()));
  expect(hex(media)).toBe(hex(expanded(derived, "exported", hashed, 32)));
});
