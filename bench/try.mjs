import { LibSQLStore } from '@mastra/libsql'
import { InMemoryStore } from '@mastra/core/storage'
import { rmSync } from 'node:fs'
rmSync('/tmp/mx/a.db',{force:true});rmSync('/tmp/mx/a.db-wal',{force:true});rmSync('/tmp/mx/a.db-shm',{force:true})
const s = new LibSQLStore({ id:'b', url:'file:/tmp/mx/a.db' })
let t=performance.now(); await s.init(); console.log('init',performance.now()-t)
const m = await s.getStore('memory')
const prag = async()=>{ for (const p of ['journal_mode','synchronous','cache_size','mmap_size']) console.log(p, JSON.stringify((await s.client.execute('pragma '+p)).rows)) }
await prag()
const thread={id:'t1',resourceId:'r',title:'x',metadata:{a:1},createdAt:new Date(),updatedAt:new Date()}
await m.saveThread({thread})
console.log(await m.getThreadById({threadId:'t1'}))
const msg=(i)=>({id:'m'+i,threadId:'t1',resourceId:'r',role:'user',type:'v2',createdAt:new Date(1e12+i),content:{format:2,parts:[{type:'text',text:'hello '+i}]}})
for (let i=0;i<300;i++) await m.saveMessages({messages:[msg(i)]})
await prag()
const l = await m.listMessages({threadId:'t1',perPage:50,page:0,orderBy:{field:'createdAt',direction:'DESC'}})
console.log(l.messages.length,l.total, JSON.stringify(l.messages[0]), l.messages.at(-1).id)
for (const store of [s,new InMemoryStore()]) {
const m = await store.getStore('memory'); await m.saveThread({thread})
for (let i=0;i<300;i++) await m.saveMessages({messages:[msg(i)]})
const bench=async(name,n,f)=>{for(let i=0;i<n/5;i++)await f(i+1e6);const t=performance.now();for(let i=0;i<n;i++)await f(i);console.log(name,((performance.now()-t)/n*1000).toFixed(1),'us')}
await bench('save',1000,i=>m.saveThread({thread:{...thread,id:'x'+i}}))
await bench('get',1000,i=>m.getThreadById({threadId:'x'+(i%1000)}))
await bench('append',500,i=>m.saveMessages({messages:[msg(1000+i)]}))
await bench('list',300,i=>m.listMessages({threadId:'t1',perPage:50,page:0,orderBy:{field:'createdAt',direction:'DESC'}}))
}
console.log((await s.client.execute("select sql from sqlite_master where name like 'mastra_messages%' or name like '%thread%' or tbl_name in ('mastra_messages','mastra_threads')")).rows)
