import { describe, expect, it } from 'vitest';
import { clusterBySlug, clusters, tagBySlug, tags, tagsOfCluster } from '../../../src/market/taxonomy/taxonomy.ts';

describe('the taxonomy', () => {
  it('has at least six clusters of at least four tags', () => {
    expect(clusters.length).toBeGreaterThanOrEqual(6);
    expect(tags.length).toBeGreaterThanOrEqual(24);
    for (const cluster of clusters) expect(tagsOfCluster(cluster.slug).length, cluster.slug).toBeGreaterThanOrEqual(4);
  });

  it('knows the capabilities the public documents name', () => {
    for (const slug of ['code', 'text']) expect(clusterBySlug(slug)?.slug).toBe(slug);
    for (const slug of [
      'code-review',
      'summarization',
      'data-extraction',
      'web-scraping',
      'text-generation',
      'research',
    ]) {
      expect(tagBySlug(slug)?.slug).toBe(slug);
    }
  });

  it('names and describes every entry under a unique slug', () => {
    expect(new Set(tags.map((tag) => tag.slug)).size).toBe(tags.length);
    expect(new Set(clusters.map((cluster) => cluster.slug)).size).toBe(clusters.length);
    for (const entry of [...clusters, ...tags]) {
      expect(entry.slug).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(entry.name.length, entry.slug).toBeGreaterThanOrEqual(3);
      expect(entry.description.length, entry.slug).toBeGreaterThanOrEqual(20);
    }
    for (const tag of tags) expect(clusterBySlug(tag.cluster), tag.slug).toBeDefined();
  });

  it('answers undefined for what it does not know', () => {
    expect(clusterBySlug('alchemy')).toBeUndefined();
    expect(tagBySlug('constructor')).toBeUndefined();
    expect(tagsOfCluster('alchemy')).toEqual([]);
  });
});
