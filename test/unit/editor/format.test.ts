import assert from 'node:assert/strict';
import { formatBytes, formatCount, formatMs, formatNumber, formatShare } from '../../../src/tensor/format';

describe('formatting of numbers', () => {
  it('keeps three significant digits and uses a real minus sign', () => {
    assert.equal(formatNumber(0.123456), '0.123');
    assert.equal(formatNumber(-12.3456), '\u221212.3');
    assert.equal(formatNumber(1234.56), '1,235');
    assert.equal(formatNumber(0), '0');
  });
  it('turns scientific outside the readable range and says NaN and infinity', () => {
    assert.equal(formatNumber(1.2345e-7), '1.23e\u22127');
    assert.equal(formatNumber(1.2345e9), '1.23e9');
    assert.equal(formatNumber(Number.NaN), 'NaN');
    assert.equal(formatNumber(-Infinity), '\u2212∞');
  });
  it('counts parameters and bytes with units that do not overflow their range', () => {
    assert.equal(formatCount(9_999), '9,999');
    assert.equal(formatCount(61_706), '61.7 k');
    assert.equal(formatCount(999_900), '1 M');
    assert.equal(formatBytes(999), '999 B');
    assert.equal(formatBytes(1_190_000_000), '1.19 GB');
  });
  it('says times and shares in the unit that fits', () => {
    assert.equal(formatMs(0.42), '0.4 ms');
    assert.equal(formatMs(1840), '1.8 s');
    assert.equal(formatMs(200_000), '3 min 20 s');
    assert.equal(formatShare(0.00001), '< 0.1 %');
    assert.equal(formatShare(0.99999), '> 99.9 %');
    assert.equal(formatShare(0.123), '12 %');
  });
});
