import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '#client/create-client.ts';
import { createJournalIntents } from '#client/journal/create-journal-intents.ts';
import { placeBid } from '#contract/operations/worker.ts';
import { type Disk, nodeDisk } from '#kit/durable/disk.ts';
import { createLogger } from '#kit/log.ts';
const root = mkdtempSync('/work/main/bench/results/j-');
let log: string[] = []; let on = false;
const rec = (n: string, f: any) => async (...a: any[]) => { if (on) 0&&log.push(n + ' ' + String(a[0] ?? '').split('/').slice(-2).join('/')); return f(...a); };
const disk: any = {};
for (const k of Object.keys(nodeDisk)) disk[k] = k === 'create' ? async (p: string, m: number) => { if (on) log.push('create'); const f = await nodeDisk.create(p, m); return Object.fromEntries(Object.keys(f).map((x) => [x, rec(x, (f as any)[x])])); } : rec(k, (nodeDisk as any)[k]);
let serial = 0;
const client = createClient({ origin: async () => 'http://127.0.0.1:9', auth: { current: async () => ({ key: 'sk_live_bench', source: 'environment', agentId: 'agent-bench' }) }, fetch: async () => (async () => Response.json({ bid_id: `bid_${++serial}`, status: 'bid_accepted', amount_usdc: 1 })) as any, intents: createJournalIntents({ directory: join(root, 'x'), disk: {...nodeDisk, async create(path:string,mode:number){return {...(await nodeDisk.create(path,mode)),sync:async()=>undefined}},syncDirectory:async()=>undefined} as Disk }), log: createLogger({ level: 'silent' }) } as any);
const place = async (job: string, amount: number) => { const marks: any[] = []; await client.run(placeBid, { slot: `bid/${job}`, request: { body: { job_id: job, amount_usdc: amount, estimated_seconds: 60 } } } as any, { onUnseen: (m: any) => void marks.push(m) }); on && log.push('--answered'); for (const m of marks) await m(); };

const t:number[]=[];const cpu0=process.cpuUsage();
for (let i=0;i<1500;i++){const s=performance.now();await place(process.argv[2]==='slot'?'one':'job'+i, 1+i);t.push(performance.now()-s)}
const c=process.cpuUsage(cpu0);t.sort((a,b)=>a-b);console.log('p50',t[750],'cpu/call ms',(c.user+c.system)/1500/1000);
await client.close(0);
